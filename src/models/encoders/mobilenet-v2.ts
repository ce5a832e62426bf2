import { heNormal } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import { BatchNorm2d, type BatchNorm2dOptions } from "../../layers/batch-norm2d.js";
import { ConvBlock, type ConvBlockOptions } from "../../layers/conv-block.js";
import { Conv2d } from "../../layers/conv2d.js";
import { Layer } from "../../layers/layer.js";
import type { Module } from "../../layers/module.js";
import { Sequential } from "../../layers/sequential.js";
import { add } from "../../ops/pointwise.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { requireBlocks } from "./require-blocks.js";
import { makeDivisible } from "./make-divisible.js";

export interface MobileNetV2Options {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Times all channel counts, which are then rounded to multiples of 8 (the paper's width multiplier). Default 1. */
  width?: number;
  /** Blocks of the seven groups of the paper's Table 2. Default [1, 2, 3, 4, 3, 3, 1]. */
  blocks?: readonly number[] | undefined;
  /** Channels of the last 1×1 convolution, or null to leave it out (TensorFlow's DeepLab). Default 1280, or 1280 · width where that is more. */
  lastChannels?: number | null;
  /** Where strided convolutions pad: "centred" (torchvision), or "same-tensorflow", which differs for maps of even size. Default "centred". */
  padding?: "centred" | "same-tensorflow";
  /** Added to variances before the root. Default 1e-5 (torchvision); TensorFlow's is 1e-3. */
  eps?: number;
  /** Weight of a new batch in the running statistics. Default 0.1. */
  momentum?: number;
}

/** Table 2 of the paper: factor of the expansion, channels, stride of the first block. */
const groups = [[1, 16, 1], [6, 24, 2], [6, 32, 2], [6, 64, 2], [6, 96, 1], [6, 160, 2], [6, 320, 1]] as const;
/** Groups that end the stages 2 … 5; the first stage also has the convolution in front of them. */
const stageEnds = [1, 2, 3, 5, 7];

/** Convolution, batch norm, ReLU6. */
const block = (from: number, to: number, norm: BatchNorm2dOptions, options: ConvBlockOptions): ConvBlock =>
  new ConvBlock(from, to, { activation: "relu6", init: heNormal(to * (options.kernelSize as number) ** 2), norm, ...options });

/** Stride of a 3×3 convolution, and its padding where it is not centred. */
type Strided = { readonly stride: number } & Pick<ConvBlockOptions, "padding">;

/** 1×1 to more channels, a depthwise 3×3, 1×1 to fewer without activation, and x where the shape stays. */
class InvertedResidual extends Layer {
  readonly conv: Sequential;
  readonly #shortcut: boolean;

  constructor(from: number, to: number, expansion: number, norm: BatchNorm2dOptions, { stride, ...padding }: Strided) {
    super();
    const middle = from * expansion;
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [block(from, middle, norm, { kernelSize: 1 })]),
      block(middle, middle, norm, { kernelSize: 3, stride, groups: middle, ...padding }),
      new Conv2d(middle, to, { kernelSize: 1, bias: false, init: heNormal(to) }),
      new BatchNorm2d(to, norm),
    );
    this.#shortcut = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.conv.forward(x);
    return this.#shortcut ? add(x as Tensor<"f32">, h) : h;
  }
}

/**
 * MobileNetV2 (Sandler et al. 2018) without its classifier: inverted residual blocks, 2,223,872 parameters. Names are torchvision's
 * ("features.0.0", "features.1.conv.0.0", …).
 *
 *     image → 3×3/2 → 16 → 24/2 24 → 32/2 32 32 → 64/2 64 64 64 96 96 96 → 160/2 160 160 320 1280
 *     stride              2       4            8                           16                      32
 */
export class MobileNetV2 extends Encoder {
  readonly channels: readonly number[];
  readonly layers: Sequential;
  readonly #stages: readonly (readonly Layer[])[];

  /** @throws OptionError for options out of range */
  constructor(options: MobileNetV2Options = {}) {
    super();
    checkOptions("MobileNetV2", options, ["inChannels", "width", "blocks", "lastChannels", "padding", "eps", "momentum"]);
    const { inChannels = 3, width = 1, blocks = [1, 2, 3, 4, 3, 3, 1], padding = "centred", eps = 1e-5, momentum = 0.1 } = options;
    if (!(width > 0 && Number.isFinite(width))) throw new OptionError(`MobileNetV2: width must be a number above 0 but is ${width}.`);
    requireBlocks("MobileNetV2", blocks, 7);
    const { lastChannels = makeDivisible(1280 * Math.max(1, width)) } = options;
    if (padding !== "centred" && padding !== "same-tensorflow") throw new OptionError(`MobileNetV2: padding must be "centred" or "same-tensorflow" but is ${JSON.stringify(padding)}.`);
    const norm = { eps, momentum };
    const strided = (stride: number): Strided => ({ stride, ...(padding !== "centred" && { padding }) });
    const first = makeDivisible(32 * width);
    const widths = groups.map(([, channels]) => makeDivisible(channels * width));
    const residuals = groups.map(([expansion, , stride], group) => Array.from({ length: blocks[group]! }, (_, i) => {
      const from = i > 0 ? widths[group]! : group > 0 ? widths[group - 1]! : first;
      return new InvertedResidual(from, widths[group]!, expansion, norm, strided(i === 0 ? stride : 1));
    }));
    const stem = block(inChannels, first, norm, { kernelSize: 3, ...strided(2) });
    const last = lastChannels === null ? [] : [block(widths[6]!, lastChannels, norm, { kernelSize: 1 })];
    this.#stages = stageEnds.map((end, stage) => [
      ...(stage === 0 ? [stem] : []),
      ...residuals.slice(stage === 0 ? 0 : stageEnds[stage - 1], end).flat(),
      ...(stage === 4 ? last : []),
    ]);
    this.layers = new Sequential(...this.#stages.flat());
    this.channels = [inChannels, ...stageEnds.slice(0, 4).map((end) => widths[end - 1]!), lastChannels ?? widths[6]!];
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["features", this.layers];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps = [x as Tensor<"f32">];
    for (const layers of this.#stages.slice(0, depth)) maps.push(layers.reduce((h, layer) => layer.forward(h), maps.at(-1)!));
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    return this.#stages;
  }
}
