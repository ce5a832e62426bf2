import { truncatedNormal } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import type { BatchNorm2dOptions } from "../../layers/batch-norm2d.js";
import { ConvBlock } from "../../layers/conv-block.js";
import { Layer } from "../../layers/layer.js";
import { Module } from "../../layers/module.js";
import { SeparableBlock } from "../../layers/separable-block.js";
import { relu } from "../../ops/activations.js";
import { add } from "../../ops/pointwise.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { MOST_BLOCKS, isBlockCount } from "./require-blocks.js";

export interface XceptionOptions {
  /** Layers with weights: 65 has sixteen units in its middle flow, 41 has eight. Default 65. */
  depth?: 41 | 65;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Times all channel counts, for narrow networks. Default 1. */
  width?: number;
  /** Units of the middle flow, instead of those of `depth`. */
  units?: number | undefined;
  /** Added to variances before the root. Default 1e-3. */
  eps?: number;
  /** Weight of a new batch in the running statistics. Default 0.0003 (a decay of 0.9997). */
  momentum?: number;
}

interface UnitShape {
  readonly from: number;
  /** Channels of the three separable convolutions. */
  readonly to: readonly [number, number, number];
  readonly stride: number;
  /** "conv": 1×1 convolution and batch norm; "sum": x itself. */
  readonly shortcut: "conv" | "sum" | "none";
  readonly norm: BatchNorm2dOptions;
}

// TensorFlow DeepLab starts all kernels of the network so.
const init = truncatedNormal(0.09);

/** Three separable convolutions, the third with the stride, and a shortcut. ReLU stands before each; without shortcut (the last unit) behind every convolution. */
class XceptionUnit extends Layer {
  readonly separableConv1: SeparableBlock;
  readonly separableConv2: SeparableBlock;
  readonly separableConv3: SeparableBlock;
  readonly shortcut: ConvBlock | undefined;
  readonly #kind: UnitShape["shortcut"];

  constructor({ from, to, stride, shortcut, norm }: UnitShape) {
    super();
    const separable = (i: number, stride = 1): SeparableBlock =>
      new SeparableBlock(i === 0 ? from : to[i - 1]!, to[i]!, { stride, norm, activation: shortcut === "none" ? "relu" : "none", depthwiseInit: init, pointwiseInit: init });
    this.separableConv1 = separable(0);
    this.separableConv2 = separable(1);
    this.separableConv3 = separable(2, stride);
    this.shortcut = shortcut === "conv" ? new ConvBlock(from, to[2], { kernelSize: 1, stride, norm, activation: "none", init }) : undefined;
    this.#kind = shortcut;
  }

  /** The map in front of the stride: what comes out of the second convolution. */
  beforeStride(x: Tensor): Tensor<"f32"> {
    return this.separableConv2.forward(this.#activated(this.separableConv1.forward(this.#activated(x))));
  }

  /** The rest of the unit, from x and what `beforeStride` made of it. */
  finish(x: Tensor, before: Tensor): Tensor<"f32"> {
    const h = this.separableConv3.forward(this.#activated(before));
    if (this.#kind === "none") return h;
    return add(h, this.shortcut ? this.shortcut.forward(x) : x) as Tensor<"f32">;
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.finish(x, this.beforeStride(x));
  }

  #activated(x: Tensor): Tensor {
    return this.#kind === "none" ? x : relu(x as Tensor<"f32">);
  }
}

/** A block of TensorFlow's slim: units one after the other, named from "unit_1" on. */
class Units extends Layer {
  readonly units: readonly XceptionUnit[];

  constructor(count: number, shape: UnitShape) {
    super();
    this.units = Array.from({ length: count }, () => new XceptionUnit(shape));
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, unit] of this.units.entries()) yield [`unit_${i + 1}`, unit];
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.units.reduce((h, unit) => unit.forward(h), x) as Tensor<"f32">;
  }
}

class EntryFlow extends Module {
  readonly conv1_1: ConvBlock;
  readonly conv1_2: ConvBlock;
  readonly block1: Units;
  readonly block2: Units;
  readonly block3: Units;

  constructor(inChannels: number, scaled: (channels: number) => number, norm: BatchNorm2dOptions) {
    super();
    this.conv1_1 = new ConvBlock(inChannels, scaled(32), { stride: 2, norm, init });
    this.conv1_2 = new ConvBlock(scaled(32), scaled(64), { norm, init });
    const block = (from: number, to: number): Units => new Units(1, { from: scaled(from), to: [scaled(to), scaled(to), scaled(to)], stride: 2, shortcut: "conv", norm });
    this.block1 = block(64, 128);
    this.block2 = block(128, 256);
    this.block3 = block(256, 728);
  }
}

class MiddleFlow extends Module {
  readonly block1: Units;

  constructor(channels: number, units: number, norm: BatchNorm2dOptions) {
    super();
    this.block1 = new Units(units, { from: channels, to: [channels, channels, channels], stride: 1, shortcut: "sum", norm });
  }
}

class ExitFlow extends Module {
  readonly block1: Units;
  readonly block2: Units;

  constructor(scaled: (channels: number) => number, norm: BatchNorm2dOptions) {
    super();
    this.block1 = new Units(1, { from: scaled(728), to: [scaled(728), scaled(1024), scaled(1024)], stride: 2, shortcut: "conv", norm });
    this.block2 = new Units(1, { from: scaled(1024), to: [scaled(1536), scaled(1536), scaled(2048)], stride: 1, shortcut: "none", norm });
  }
}

/**
 * The aligned Xception of DeepLab v3+ (Chen et al. 2018; Chollet 2017 as changed by Qi et al. 2017) without its classifier: all poolings are strided
 * separable convolutions, and batch norms follow depthwise and pointwise convolutions. 37,867,312 parameters, 24,920,560 for depth 41.
 *
 *     image → 3×3/2 3×3 → block1/2 → block2/2 → block3/2 → 16 × middle → block1/2 → block2
 *               32   64      128        256        728         728         1024     1536 1536 2048
 *
 * `features` gives what TensorFlow's decoders take: the map after the second convolution of the block that has the next stride ("entry_flow/block2/…/
 * separable_conv2_pointwise" at stride 4, before activation), and the last map. Padding stands on both sides, so that sizes go to ⌈n / 2⌉.
 *
 * For `dilate` the three convolutions of the last block are blocks of their own: its `multiGrid` is [1, a, b, c], where a, b and c
 * are TensorFlow's `multi_grid`.
 *
 * State-dict entries follow the variables of TensorFlow's checkpoints, whose scope "xception_65/" and level "xception_module/" fall away:
 *
 *     entry_flow/conv1_1/weights                                                                  entry_flow.conv1_1.0.weight
 *     …/conv1_1/BatchNorm/{gamma, beta, moving_mean, moving_variance}                             ….conv1_1.1.{weight, bias, running_mean, running_var}
 *     middle_flow/block1/unit_9/xception_module/separable_conv1_depthwise/depthwise_weights       middle_flow.block1.unit_9.separable_conv1.depthwise.0.weight
 *     …/separable_conv1_pointwise/weights, …/separable_conv1_pointwise/BatchNorm/…                ….separable_conv1.pointwise.0.weight, ….pointwise.1.…
 *     exit_flow/block1/unit_1/xception_module/shortcut/weights                                    exit_flow.block1.unit_1.shortcut.0.weight
 */
export class Xception extends Encoder {
  readonly channels: readonly number[];
  readonly entryFlow: EntryFlow;
  readonly middleFlow: MiddleFlow;
  readonly exitFlow: ExitFlow;

  /** @throws OptionError for options out of range */
  constructor(options: XceptionOptions = {}) {
    super();
    checkOptions("Xception", options, ["depth", "inChannels", "width", "units", "eps", "momentum"]);
    const { depth = 65, inChannels = 3, width = 1, units = depth === 41 ? 8 : 16, eps = 1e-3, momentum = 0.0003 } = options;
    if (depth !== 41 && depth !== 65) throw new OptionError(`Xception: depth must be 41 or 65 but is ${String(depth)}.`);
    if (!(width > 0 && Number.isFinite(width))) throw new OptionError(`Xception: width must be a number above 0 but is ${width}.`);
    if (!isBlockCount(units)) throw new OptionError(`Xception: units must be a whole number of 1 to ${MOST_BLOCKS} but is ${units}.`);
    const scaled = (channels: number): number => Math.max(1, Math.round(channels * width));
    const norm = { eps, momentum };
    this.entryFlow = new EntryFlow(inChannels, scaled, norm);
    this.middleFlow = new MiddleFlow(scaled(728), units, norm);
    this.exitFlow = new ExitFlow(scaled, norm);
    this.channels = [inChannels, ...[128, 256, 728, 1024, 2048].map(scaled)];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const { conv1_1, conv1_2, block1, block2, block3 } = this.entryFlow;
    const maps = [x as Tensor<"f32">];
    let h = conv1_2.forward(conv1_1.forward(x));
    for (const [i, { units }] of [block1, block2, block3, this.exitFlow.block1].entries()) {
      const unit = units[0]!;
      const before = unit.beforeStride(h);
      maps.push(before);
      if (maps.length > depth) return maps;
      h = unit.finish(h, before);
      if (i === 2) h = this.middleFlow.block1.forward(h);
    }
    return [...maps, this.exitFlow.block2.forward(h)];
  }

  stages(): readonly (readonly Module[])[] {
    const { conv1_1, conv1_2, block1, block2, block3 } = this.entryFlow;
    const last = this.exitFlow.block2.units[0]!;
    return [
      [conv1_1, conv1_2], block1.units, block2.units, [...block3.units, ...this.middleFlow.block1.units],
      [...this.exitFlow.block1.units, last.separableConv1, last.separableConv2, last.separableConv3],
    ];
  }
}
