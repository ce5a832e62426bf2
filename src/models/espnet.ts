import type { Tensor } from "../graph/tensor.js";
import { PReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { avgPool2d } from "../ops/avg-pool2d.js";
import { concat } from "../ops/concat.js";
import { add } from "../ops/pointwise.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { centreCrop } from "./centre-crop.js";
import { MOST_BLOCKS } from "./encoders/require-blocks.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface ESPNetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** ESP blocks at a quarter of the size (the paper's α₂). Default 2. */
  p?: number;
  /** ESP blocks at an eighth of the size (the paper's α₃). Default 8. */
  q?: number;
  /** Channels at half the size, at least 2; 4 and 8 times as many further down. Default 16. */
  width?: number;
}

const eps = 1e-3;

/** Batch norm and PReLU with a slope for each channel. */
class BR extends Layer {
  readonly bn: BatchNorm2d;
  readonly act: PReLU;

  constructor(channels: number) {
    super();
    this.bn = new BatchNorm2d(channels, { eps });
    this.act = new PReLU({ channels });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.act.forward(this.bn.forward(x));
  }
}

/** Convolution without bias, its kernel centred. */
class C extends Layer {
  readonly conv: Conv2d;

  constructor(from: number, to: number, kernelSize: 1 | 3, { stride = 1, dilation = 1 } = {}) {
    super();
    this.conv = new Conv2d(from, to, { kernelSize, stride, dilation, padding: ((kernelSize - 1) / 2) * dilation, bias: false });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.conv.forward(x);
  }
}

/** 3×3 convolution without bias, batch norm, PReLU. */
class CBR extends BR {
  readonly conv: Conv2d;

  constructor(from: number, to: number, stride = 1) {
    super(to);
    this.conv = new Conv2d(from, to, { kernelSize: 3, stride, padding: 1, bias: false });
  }

  override forward(x: Tensor): Tensor<"f32"> {
    return super.forward(this.conv.forward(x));
  }
}

/**
 * The efficient spatial pyramid: c1 reduces the channels to a fifth, five dilated 3×3 convolutions look at the result, and their sums, which
 * grow step by step so that no grid of holes shows, are joined: [d1, d2, d2 + d4, d2 + d4 + d8, d2 + d4 + d8 + d16].
 */
abstract class Pyramid extends Layer {
  readonly c1: C;
  readonly d1: C;
  readonly d2: C;
  readonly d4: C;
  readonly d8: C;
  readonly d16: C;

  constructor(c1: (channels: number) => C, to: number) {
    super();
    const n = Math.floor(to / 5);
    const dilated = (channels: number, dilation: number): C => new C(n, channels, 3, { dilation });
    this.c1 = c1(n);
    this.d1 = dilated(to - 4 * n, 1);
    this.d2 = dilated(n, 2);
    this.d4 = dilated(n, 4);
    this.d8 = dilated(n, 8);
    this.d16 = dilated(n, 16);
  }

  protected pyramid(x: Tensor): Tensor<"f32"> {
    const reduced = this.c1.forward(x);
    const [d1, d2, d4, d8, d16] = [this.d1, this.d2, this.d4, this.d8, this.d16].map((layer) => layer.forward(reduced)) as [Tensor<"f32">, Tensor<"f32">, Tensor<"f32">, Tensor<"f32">, Tensor<"f32">];
    const to4 = add(d2, d4);
    const to8 = add(to4, d8);
    return concat([d1, d2, to4, to8, add(to8, d16)]);
  }
}

/** A pyramid whose reduction has stride 2, batch norm, PReLU. */
class DownSampler extends Pyramid {
  readonly bn: BatchNorm2d;
  readonly act: PReLU;

  constructor(from: number, to: number) {
    super((n) => new C(from, n, 3, { stride: 2 }), to);
    this.bn = new BatchNorm2d(to, { eps });
    this.act = new PReLU({ channels: to });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.act.forward(this.bn.forward(this.pyramid(x)));
  }
}

/** An ESP block: a pyramid, plus x where the channels stay, batch norm, PReLU. */
class ESP extends Pyramid {
  readonly bn: BR;
  readonly #residual: boolean;

  constructor(from: number, to: number, residual = true) {
    super((n) => new C(from, n, 1), to);
    this.bn = new BR(to);
    this.#residual = residual;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const found = this.pyramid(x);
    return this.bn.forward(this.#residual ? add(x as Tensor<"f32">, found) : found);
  }
}

const half = (x: Tensor<"f32">): Tensor<"f32"> => avgPool2d(x, { kernelSize: 3, stride: 2, padding: 1 });

/** ESPNet-C: maps at a half, a quarter and an eighth of the size, joined with the image at that size, and scores from the last. */
class Encoder extends Module {
  readonly level1: CBR;
  readonly b1: BR;
  readonly level2_0: DownSampler;
  readonly level2: readonly ESP[];
  readonly b2: BR;
  readonly level3_0: DownSampler;
  readonly level3: readonly ESP[];
  readonly b3: BR;
  readonly classifier: C;

  constructor(inChannels: number, scores: number, { p, q, width: w }: { p: number; q: number; width: number }) {
    super();
    this.level1 = new CBR(inChannels, w, 2);
    this.b1 = new BR(w + inChannels);
    this.level2_0 = new DownSampler(w + inChannels, 4 * w);
    this.level2 = Array.from({ length: p }, () => new ESP(4 * w, 4 * w));
    this.b2 = new BR(8 * w + inChannels);
    this.level3_0 = new DownSampler(8 * w + inChannels, 8 * w);
    this.level3 = Array.from({ length: q }, () => new ESP(8 * w, 8 * w));
    this.b3 = new BR(16 * w);
    this.classifier = new C(16 * w, scores, 1);
  }

  forward(image: Tensor<"f32">): { a: Tensor<"f32">; b: Tensor<"f32">; scores: Tensor<"f32"> } {
    const [image2, blocks] = [half(image), (x: Tensor<"f32">, level: readonly ESP[]): Tensor<"f32"> => level.reduce((h, block) => block.forward(h), x)];
    const a = this.b1.forward(concat([this.level1.forward(image), image2]));
    const first2 = this.level2_0.forward(a);
    const b = this.b2.forward(concat([blocks(first2, this.level2), first2, half(image2)]));
    const first3 = this.level3_0.forward(b);
    return { a, b, scores: this.classifier.forward(this.b3.forward(concat([first3, blocks(first3, this.level3)]))) };
  }
}

/**
 * ESPNet (Mehta, Rastegari, Caspi, Shapiro & Hajishirzi 2018): the encoder works with efficient spatial pyramids, the decoder with the
 * scores of the classes, which it doubles in size three times:
 *
 *     image → level 1 (16 + image/2) = A → level 2 (64 + 64 + image/4) = B → level 3 (128 + 128) → scores
 *                    │                                │                                             ↑ 2
 *                    │                                └ 1×1 → scores ── [scores, up] → BR → ESP ←───┘
 *                    └──────────── 3×3 ← [up, A] ← BR ← ↑ 2 ←──────────────────────────┘
 *                                   └→ ↑ 2 → logits
 *
 * With p = 2 and q = 8, 354,517 parameters for twelve classes (358,193 values in the file, running statistics included). Names are those of
 * the authors' ESPNet, and their trained files fit. Any image size is fine. (The authors' needs multiples of 8, for which this one computes the
 * same; and with fewer than five classes their decoder has an ESP block without channels: here it works with five then.)
 */
export class ESPNet extends SegmentationModel {
  readonly architecture = "espnet";
  readonly multipleOf = 8;
  readonly encoder: Encoder;
  readonly level3C: C;
  readonly br: BatchNorm2d;
  readonly conv: CBR;
  readonly upL3: Sequential;
  readonly combineL2L3: Sequential;
  readonly upL2: Sequential;
  readonly classifier: ConvTranspose2d;

  /** @throws OptionError for options out of range */
  constructor(options: ESPNetOptions) {
    checkOptions("ESPNet", options, ["inChannels", "classes", "p", "q", "width"]);
    const { inChannels = 3, classes, p = 2, q = 8, width = 16 } = options;
    for (const [name, count, least] of [["p", p, 1], ["q", q, 1], ["width", width, 2]] as const)
      if (!Number.isInteger(count) || count < least) throw new OptionError(`ESPNet: ${name} must be a whole number of at least ${least} but is ${String(count)}.`);
    if (Math.max(p, q) > MOST_BLOCKS) throw new OptionError(`ESPNet: p and q are at most ${MOST_BLOCKS} but are ${p} and ${q}.`);
    super({ inChannels, classes, ...{ p, q, width } });
    const scores = Math.max(classes, 5);
    const twice = (to: number): ConvTranspose2d => new ConvTranspose2d(scores, to, { kernelSize: 2, stride: 2, bias: false });
    this.encoder = new Encoder(inChannels, scores, { p, q, width });
    this.level3C = new C(8 * width + inChannels, scores, 1);
    this.br = new BatchNorm2d(scores, { eps });
    this.conv = new CBR(width + inChannels + scores, scores);
    this.upL3 = new Sequential(twice(scores));
    this.combineL2L3 = new Sequential(new BR(2 * scores), new ESP(2 * scores, scores, false));
    this.upL2 = new Sequential(twice(scores), new BR(scores));
    this.classifier = twice(classes);
  }

  override *children(): Generator<[name: string, module: Module]> {
    const { encoder, level3C, br, conv, upL3, combineL2L3, upL2, classifier } = this;
    yield* Object.entries({ encoder, level3_C: level3C, br, conv, up_l3: upL3, combine_l2_l3: combineL2L3, up_l2: upL2, classifier });
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const { a, b, scores } = this.encoder.forward(image);
    const eighth = centreCrop(this.upL3.forward(this.br.forward(scores)), b);
    const quarter = this.combineL2L3.forward(concat([this.level3C.forward(b), eighth]));
    const joined = concat([centreCrop(this.upL2.forward(quarter), a), a]);
    return centreCrop(this.classifier.forward(this.conv.forward(joined)), image);
  }
}
