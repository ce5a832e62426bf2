import type { Tensor } from "../../graph/tensor.js";
import { BatchNorm2d } from "../../layers/batch-norm2d.js";
import { Conv2d } from "../../layers/conv2d.js";
import { StochasticDepth } from "../../layers/dropout.js";
import { Layer } from "../../layers/layer.js";
import type { Module } from "../../layers/module.js";
import { sigmoid, silu } from "../../ops/activations.js";
import { globalAvgPool2d } from "../../ops/global-avg-pool2d.js";
import { add, mul } from "../../ops/pointwise.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { requireBlocks } from "./require-blocks.js";
import { makeDivisible } from "./make-divisible.js";

/** Width and depth coefficients, and the image size that the paddings belong to (Table of the authors' code). */
const variants = {
  b0: [1, 1, 224], b1: [1, 1.1, 240], b2: [1.1, 1.2, 260], b3: [1.2, 1.4, 300], b4: [1.4, 1.8, 380], b5: [1.6, 2.2, 456], b6: [1.8, 2.6, 528], b7: [2, 3.1, 600],
} as const;

export interface EfficientNetOptions {
  /** "b0" … "b7": compound scaling of width, depth and image size. */
  variant: keyof typeof variants;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Times all channel counts, on top of the variant's coefficient; counts are rounded to multiples of 8. Default 1. */
  width?: number;
  /** Blocks of the seven groups of the paper's Table 1, instead of those of the variant. */
  blocks?: readonly number[] | undefined;
  /** Probability of dropping the last block's residual in training, 0 … 1; that of earlier blocks is proportional to their place. Default 0.2. */
  dropConnect?: number;
}

/** Table 1 of the paper: kernel size, stride of the first block, expansion, channels, blocks. */
const groups = [[3, 1, 1, 16, 1], [3, 2, 6, 24, 2], [5, 2, 6, 40, 2], [3, 2, 6, 80, 3], [5, 1, 6, 112, 3], [5, 2, 6, 192, 4], [3, 1, 6, 320, 1]] as const;
/** Groups that end the stages 2 … 5. */
const stageEnds = [2, 3, 5, 7];
const norm = { eps: 1e-3, momentum: 0.01 };

/** TensorFlow's SAME padding for a map of this height and width: what is odd stands at the end. */
function samePadding(size: number, kernelSize: number, stride: number): { top: number; bottom: number; left: number; right: number } {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernelSize - size, 0);
  const before = Math.floor(total / 2);
  return { top: before, bottom: total - before, left: before, right: total - before };
}

interface BlockShape {
  readonly from: number;
  readonly to: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly expansion: number;
  /** Height and width of the map that the paddings are made for. */
  readonly size: number;
  readonly drop: number;
}

/** 1×1 to more channels, depthwise convolution, squeeze-and-excitation, 1×1 to fewer without activation, and x where the shape stays. */
class MBConv extends Layer {
  readonly expandConv: Conv2d | undefined;
  readonly bn0: BatchNorm2d | undefined;
  readonly depthwiseConv: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly seReduce: Conv2d;
  readonly seExpand: Conv2d;
  readonly projectConv: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly drop: StochasticDepth;
  readonly #shortcut: boolean;

  constructor({ from, to, kernelSize, stride, expansion, size, drop }: BlockShape) {
    super();
    const [middle, squeezed] = [from * expansion, Math.max(1, Math.floor(from / 4))];
    if (expansion !== 1) {
      this.expandConv = new Conv2d(from, middle, { kernelSize: 1, bias: false });
      this.bn0 = new BatchNorm2d(middle, norm);
    }
    this.depthwiseConv = new Conv2d(middle, middle, { kernelSize, stride, padding: samePadding(size, kernelSize, stride), groups: middle, bias: false });
    this.bn1 = new BatchNorm2d(middle, norm);
    this.seReduce = new Conv2d(middle, squeezed, { kernelSize: 1 });
    this.seExpand = new Conv2d(squeezed, middle, { kernelSize: 1 });
    this.projectConv = new Conv2d(middle, to, { kernelSize: 1, bias: false });
    this.bn2 = new BatchNorm2d(to, norm);
    this.drop = new StochasticDepth(drop);
    this.#shortcut = stride === 1 && from === to;
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [name, child] of super.children()) yield [`_${name}`, child];
  }

  forward(x: Tensor): Tensor<"f32"> {
    const expanded = this.expandConv ? silu(this.bn0!.forward(this.expandConv.forward(x))) : x;
    const filtered = silu(this.bn1.forward(this.depthwiseConv.forward(expanded)));
    const gate = sigmoid(this.seExpand.forward(silu(this.seReduce.forward(globalAvgPool2d(filtered)))));
    const h = this.bn2.forward(this.projectConv.forward(mul(filtered, gate)));
    return (this.#shortcut ? add(this.drop.forward(h), x) : h) as Tensor<"f32">;
  }
}

/**
 * EfficientNet (Tan & Le 2019) without its classifier: 4,007,548 parameters for "b0". Names, and paddings, are those of lukemelas'
 * EfficientNet-PyTorch ("_conv_stem", "_blocks.0._depthwise_conv", …), which segmentation_models_pytorch has too.
 *
 *     image → 3×3/2 → 16 24/2 → 40/2 → 80/2 112 → 192/2 320 (→ head)        groups of blocks, channels for "b0"
 *     stride    2        4       8        16         32
 *
 * The padding of every convolution is TensorFlow's SAME for the variant's own image size ("b0": 224) whatever size comes, so strided ones pad
 * more at the end. `dilate` centres the paddings of the stages that it changes, as smp does. The head ("_conv_head", "_bn1") belongs to the
 * classifier; files carry it, and no map needs it.
 */
export class EfficientNet extends Encoder {
  readonly channels: readonly number[];
  readonly convStem: Conv2d;
  readonly bn0: BatchNorm2d;
  readonly blocks: readonly MBConv[];
  readonly convHead: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly #stages: readonly (readonly MBConv[])[];

  /** @throws OptionError for options out of range */
  constructor(options: EfficientNetOptions) {
    super();
    checkOptions("EfficientNet", options, ["variant", "inChannels", "width", "blocks", "dropConnect"]);
    const { variant, inChannels = 3, width = 1, dropConnect = 0.2 } = options;
    if (!Object.hasOwn(variants, variant)) throw new OptionError(`EfficientNet: variant must be one of ${Object.keys(variants).join(", ")} but is ${JSON.stringify(variant)}.`);
    if (!(width > 0 && Number.isFinite(width))) throw new OptionError(`EfficientNet: width must be a number above 0 but is ${width}.`);
    if (!(dropConnect >= 0 && dropConnect <= 1)) throw new OptionError(`EfficientNet: dropConnect must be between 0 and 1 but is ${dropConnect}.`);
    const [widthCoefficient, depthCoefficient, imageSize] = variants[variant];
    const { blocks: counts = groups.map(([, , , , count]) => Math.ceil(depthCoefficient * count)) } = options;
    requireBlocks("EfficientNet", counts, 7);
    const scaled = (channels: number): number => makeDivisible(channels * widthCoefficient * width);
    const all = counts.reduce((sum, n) => sum + n);

    this.convStem = new Conv2d(inChannels, scaled(32), { kernelSize: 3, stride: 2, padding: samePadding(imageSize, 3, 2), bias: false });
    this.bn0 = new BatchNorm2d(scaled(32), norm);
    let [from, size, index] = [scaled(32), Math.ceil(imageSize / 2), 0];
    const made = groups.map(([kernelSize, groupStride, expansion, channels], group) => Array.from({ length: counts[group]! }, (_, i) => {
      const stride = i === 0 ? groupStride : 1;
      const block = new MBConv({ from, to: scaled(channels), kernelSize, stride, expansion, size, drop: (dropConnect * index++) / all });
      [from, size] = [scaled(channels), Math.ceil(size / stride)];
      return block;
    }));
    this.blocks = made.flat();
    this.convHead = new Conv2d(from, scaled(1280), { kernelSize: 1, bias: false });
    this.bn1 = new BatchNorm2d(scaled(1280), norm);
    this.#stages = stageEnds.map((end, i) => made.slice(i === 0 ? 0 : stageEnds[i - 1], end).flat());
    this.channels = [inChannels, scaled(32), ...stageEnds.map((end) => scaled(groups[end - 1]![3]))];
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [name, child] of super.children()) yield [`_${name}`, child];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps = [x as Tensor<"f32">];
    if (depth >= 1) maps.push(silu(this.bn0.forward(this.convStem.forward(x))) as Tensor<"f32">);
    for (const blocks of this.#stages.slice(0, depth - 1)) maps.push(blocks.reduce((h, block) => block.forward(h), maps.at(-1)!));
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    return [[this.convStem, this.bn0], ...this.#stages];
  }
}
