import { heNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Identity } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { convLayers, type ConvBlockOptions } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { AvgPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { relu, sigmoid } from "../ops/activations.js";
import { concat } from "../ops/concat.js";
import { globalAvgPool2d } from "../ops/global-avg-pool2d.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { add, mul } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

export interface BiSeNetV2Options {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The four booster heads, which only training runs. Default true. */
  aux?: boolean;
  /** Channels of the maps that are fused, a multiple of 8; those of all other maps keep their proportion to it. Default 128. */
  width?: number;
}

type Size = readonly [height: number, width: number];
const sizeOf = (x: Tensor): Size => [x.shape[1]!, x.shape[2]!];
const nearest = (x: Tensor<"f32">, size: Size): Tensor<"f32"> => resize(x, { size, mode: "nearest" });
const conv = (from: number, to: number, options: ConvBlockOptions = {}): Layer[] => {
  const { kernelSize = 3 } = options;
  return convLayers(from, to, { init: heNormal(to * (kernelSize as number) ** 2), ...options });
};
/** Convolution and batch norm. */
const linear = (from: number, to: number, options: ConvBlockOptions = {}): Layer[] => conv(from, to, { activation: "none", ...options });

/** Convolution, batch norm and ReLU, called "conv" and "bn". */
class ConvBNReLU extends Layer {
  readonly conv: Layer;
  readonly bn: Layer;

  constructor(from: number, to: number, options: ConvBlockOptions = {}) {
    super();
    [this.conv, this.bn] = conv(from, to, options) as [Layer, Layer, Layer];
  }

  forward(x: Tensor): Tensor<"f32"> {
    return relu(this.bn.forward(this.conv.forward(x))) as Tensor<"f32">;
  }
}

/** Wide and shallow, to an eighth of the size. */
class DetailBranch extends Layer {
  readonly stages: readonly Sequential[];

  constructor(inChannels: number, w: number) {
    super();
    const stage = (from: number, to: number, count: number): Sequential =>
      new Sequential(new ConvBNReLU(from, to, { stride: 2 }), ...Array.from({ length: count - 1 }, () => new ConvBNReLU(to, to)));
    this.stages = [stage(inChannels, w / 2, 2), stage(w / 2, w / 2, 3), stage(w / 2, w, 3)];
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, stage] of this.stages.entries()) yield [`S${i + 1}`, stage];
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.stages.reduce<Tensor>((h, stage) => stage.forward(h), x) as Tensor<"f32">;
  }
}

/** To a quarter of the size, by convolutions and by pooling side by side. */
class StemBlock extends Layer {
  readonly conv: ConvBNReLU;
  readonly left: Sequential;
  readonly fuse: ConvBNReLU;

  constructor(inChannels: number, to: number) {
    super();
    this.conv = new ConvBNReLU(inChannels, to, { stride: 2 });
    this.left = new Sequential(new ConvBNReLU(to, to / 2, { kernelSize: 1 }), new ConvBNReLU(to / 2, to, { stride: 2 }));
    this.fuse = new ConvBNReLU(2 * to, to);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.conv.forward(x);
    return this.fuse.forward(concat([this.left.forward(h), maxPool2d(h, { kernelSize: 3, stride: 2, padding: 1 })]));
  }
}

/** Gather and expansion: 3×3, a depthwise convolution to six times the channels, 1×1, and x. */
class GELayerS1 extends Layer {
  readonly conv1: ConvBNReLU;
  readonly dwconv: Sequential;
  readonly conv2: Sequential;

  constructor(channels: number) {
    super();
    const middle = 6 * channels;
    this.conv1 = new ConvBNReLU(channels, channels);
    this.dwconv = new Sequential(...conv(channels, middle, { groups: channels }));
    this.conv2 = new Sequential(...linear(middle, channels, { kernelSize: 1 }));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return relu(add(this.conv2.forward(this.dwconv.forward(this.conv1.forward(x))), x as Tensor<"f32">)) as Tensor<"f32">;
  }
}

/** The same at half the size: two depthwise convolutions, and a separable one of x. */
class GELayerS2 extends Layer {
  readonly conv1: ConvBNReLU;
  readonly dwconv1: Sequential;
  readonly dwconv2: Sequential;
  readonly conv2: Sequential;
  readonly shortcut: Sequential;

  constructor(from: number, to: number) {
    super();
    const middle = 6 * from;
    this.conv1 = new ConvBNReLU(from, from);
    this.dwconv1 = new Sequential(...linear(from, middle, { stride: 2, groups: from }));
    this.dwconv2 = new Sequential(...conv(middle, middle, { groups: middle }));
    this.conv2 = new Sequential(...linear(middle, to, { kernelSize: 1 }));
    this.shortcut = new Sequential(...linear(from, from, { stride: 2, groups: from }), ...linear(from, to, { kernelSize: 1 }));
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.dwconv2.forward(this.dwconv1.forward(this.conv1.forward(x)));
    return relu(add(this.conv2.forward(h), this.shortcut.forward(x))) as Tensor<"f32">;
  }
}

/** Context embedding: the mean of the map, added to every position. */
class CEBlock extends Layer {
  readonly bn: BatchNorm2d;
  readonly convGap: ConvBNReLU;
  readonly convLast: ConvBNReLU;

  constructor(channels: number) {
    super();
    this.bn = new BatchNorm2d(channels);
    this.convGap = new ConvBNReLU(channels, channels, { kernelSize: 1 });
    this.convLast = new ConvBNReLU(channels, channels);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const context = this.convGap.forward(this.bn.forward(globalAvgPool2d(x as Tensor<"f32">)));
    return this.convLast.forward(add(context, x as Tensor<"f32">));
  }
}

/** Narrow and deep, to a thirty-second of the size. */
class SegmentBranch extends Module {
  readonly stages: Readonly<Record<"S1S2" | "S3" | "S4" | "S5_4" | "S5_5", Layer>>;

  constructor(inChannels: number, w: number) {
    super();
    const [a, b, c] = [w / 8, w / 4, w / 2];
    this.stages = {
      S1S2: new StemBlock(inChannels, a),
      S3: new Sequential(new GELayerS2(a, b), new GELayerS1(b)),
      S4: new Sequential(new GELayerS2(b, c), new GELayerS1(c)),
      S5_4: new Sequential(new GELayerS2(c, w), new GELayerS1(w), new GELayerS1(w), new GELayerS1(w)),
      S5_5: new CEBlock(w),
    };
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield* Object.entries(this.stages);
  }

  /** The maps at 1/4, 1/8, 1/16 and 1/32 of the image, and the last one with its context. */
  forward(x: Tensor): Tensor<"f32">[] {
    const maps: Tensor<"f32">[] = [];
    for (const stage of Object.values(this.stages)) maps.push(stage.forward(maps.at(-1) ?? x));
    return maps;
  }
}

/** Bilateral guided aggregation: each branch, at the size of either, gates the other. */
class BGALayer extends Module {
  readonly left1: Sequential;
  readonly left2: Sequential;
  readonly right1: Sequential;
  readonly right2: Sequential;
  readonly conv: Sequential;

  constructor(w: number) {
    super();
    const separable = (): Sequential => new Sequential(...linear(w, w, { groups: w }), new Conv2d(w, w, { kernelSize: 1, bias: false, init: heNormal(w) }));
    this.left1 = separable();
    this.left2 = new Sequential(...linear(w, w, { stride: 2 }), new AvgPool2d({ kernelSize: 3, stride: 2, padding: 1 }));
    this.right1 = new Sequential(...linear(w, w));
    this.right2 = separable();
    this.conv = new Sequential(...conv(w, w));
  }

  forward(detail: Tensor, semantic: Tensor): Tensor<"f32"> {
    const size = sizeOf(detail);
    const left = mul(this.left1.forward(detail), sigmoid(nearest(this.right1.forward(semantic), size)));
    const right = mul(this.left2.forward(detail), sigmoid(this.right2.forward(semantic)));
    return this.conv.forward(add(left, nearest(right as Tensor<"f32">, size)));
  }
}

/** 3×3, dropout, scores; those of the boosters with a convolution at twice the size in between. */
class SegmentHead extends Module {
  readonly conv: ConvBNReLU;
  readonly drop = new Dropout(0.1);
  readonly convOut: Sequential;
  readonly #booster: ConvBNReLU | undefined;
  readonly #scores: Conv2d;

  /** @param factor of a booster: pixels of the image per pixel of its map along an axis; its convolution has the square as channels */
  constructor(from: number, middle: number, classes: number, factor?: number) {
    super();
    this.conv = new ConvBNReLU(from, middle);
    const last = factor === undefined ? middle : factor ** 2;
    this.#booster = factor === undefined ? undefined : new ConvBNReLU(middle, last);
    this.#scores = new Conv2d(last, classes, { kernelSize: 1, init: heNormal(classes) });
    // The upsampling in front of the booster's convolution counts in the names: "conv_out.0.1.conv.weight".
    this.convOut = new Sequential(this.#booster ? new Sequential(new Identity(), this.#booster) : new Identity(), this.#scores);
  }

  forward(x: Tensor, size: Size): Tensor<"f32"> {
    let h = this.drop.forward(this.conv.forward(x));
    if (this.#booster) h = this.#booster.forward(nearest(h, [2 * h.shape[1]!, 2 * h.shape[2]!]));
    return resize(this.#scores.forward(h), { size, mode: "bilinear" });
  }
}

/**
 * BiSeNetV2 (Yu, Gao, Wang, Yu, Shen & Sang 2021) as CoinCheung/BiSeNet has it, names included: 3,358,627 parameters for 19 classes in use, 5,231,487
 * with the four booster heads of training, whose losses count as much as that of the logits. Any image size is fine; `predict` pads to multiples of 32,
 * for which alone the reference implementation works. Differs from it in what training begins with: there the last batch norm of a residual branch is 0.
 *
 *     image ┬→ detail:   64/2 → 64/4 → 128/8 ─────────────────────────┐
 *           └→ semantic: stem 16/4 → 32/8 → 64/16 → 128/32 → context → aggregation → 3×3-1024 → classes ×8 → logits
 *                               └ booster heads in training ┘
 */
export class BiSeNetV2 extends SegmentationModel {
  readonly architecture = "bisenet-v2";
  readonly multipleOf = 32;
  readonly detail: DetailBranch;
  readonly segment: SegmentBranch;
  readonly bga: BGALayer;
  readonly #head: SegmentHead;
  readonly #boosters: readonly (readonly [name: string, head: SegmentHead])[];

  constructor(options: BiSeNetV2Options) {
    checkOptions("BiSeNetV2", options, ["inChannels", "classes", "aux", "width"]);
    const { inChannels = 3, classes, aux = true, width: w = 128 } = options;
    if (!Number.isInteger(w) || w < 16 || w % 16 > 0) throw new OptionError(`BiSeNetV2: width must be a multiple of 16 but is ${String(w)}.`);
    super({ inChannels, classes, ...{ aux, width: w } });
    this.detail = new DetailBranch(inChannels, w);
    this.segment = new SegmentBranch(inChannels, w);
    this.bga = new BGALayer(w);
    this.#head = new SegmentHead(w, 8 * w, classes);
    const booster = (name: string, from: number, factor: number): [string, SegmentHead] => [name, new SegmentHead(from, w, classes, factor)];
    this.#boosters = aux ? [booster("aux2", w / 8, 4), booster("aux3", w / 4, 8), booster("aux4", w / 2, 16), booster("aux5_4", w, 32)] : [];
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield* super.children();
    yield ["head", this.#head];
    yield* this.#boosters as [string, SegmentHead][];
  }

  override head(): readonly Module[] {
    return [this.#head, ...this.#boosters.map(([, head]) => head)];
  }

  override outputs(x: Tensor): TrainingOutputs {
    const { logits, maps, size } = this.#run(x);
    return { logits, auxiliary: this.#boosters.map(([name, head], i) => ({ name, logits: head.forward(maps[i]!, size), weight: 1 })) };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.#run(x).logits;
  }

  #run(x: Tensor): { logits: Tensor<"f32">; maps: Tensor<"f32">[]; size: Size } {
    const image = this.input(x);
    const size = sizeOf(image);
    const maps = this.segment.forward(image);
    return { logits: this.#head.forward(this.bga.forward(this.detail.forward(image), maps.at(-1)!), size), maps, size };
  }
}
