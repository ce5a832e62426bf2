import { heNormal } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import { ConvBlock, type ActivationName } from "../../layers/conv-block.js";
import { Conv2d } from "../../layers/conv2d.js";
import { Layer } from "../../layers/layer.js";
import type { Module } from "../../layers/module.js";
import { Sequential } from "../../layers/sequential.js";
import { hardSigmoid, relu } from "../../ops/activations.js";
import { globalAvgPool2d } from "../../ops/global-avg-pool2d.js";
import { add, mul } from "../../ops/pointwise.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { makeDivisible } from "./make-divisible.js";

export interface MobileNetV3Options {
  /** "large" (Table 1 of the paper) or "small" (Table 2). Default "large". */
  variant?: "large" | "small";
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Times all channel counts, which are then rounded to multiples of 8. Default 1. */
  width?: number;
  /** Half the channels in the last stage, for networks on top that have classes by the dozen only ("reduced tail" of torchvision). Default false. */
  reducedTail?: boolean;
}

/** A row of the paper's tables: kernel size, channels inside, channels, squeeze-and-excitation, activation, stride. */
type Row = readonly [kernelSize: number, expanded: number, channels: number, squeeze: boolean, activation: "RE" | "HS", stride: number];

const tables: Record<"large" | "small", { readonly rows: readonly Row[]; /** Rows that end the stages. */ readonly stageEnds: readonly number[] }> = {
  large: {
    rows: [
      [3, 16, 16, false, "RE", 1],
      [3, 64, 24, false, "RE", 2], [3, 72, 24, false, "RE", 1],
      [5, 72, 40, true, "RE", 2], [5, 120, 40, true, "RE", 1], [5, 120, 40, true, "RE", 1],
      [3, 240, 80, false, "HS", 2], [3, 200, 80, false, "HS", 1], [3, 184, 80, false, "HS", 1], [3, 184, 80, false, "HS", 1],
      [3, 480, 112, true, "HS", 1], [3, 672, 112, true, "HS", 1],
      [5, 672, 160, true, "HS", 2], [5, 960, 160, true, "HS", 1], [5, 960, 160, true, "HS", 1],
    ],
    stageEnds: [1, 3, 6, 12, 15],
  },
  small: {
    rows: [
      [3, 16, 16, true, "RE", 2],
      [3, 72, 24, false, "RE", 2], [3, 88, 24, false, "RE", 1],
      [5, 96, 40, true, "HS", 2], [5, 240, 40, true, "HS", 1], [5, 240, 40, true, "HS", 1], [5, 120, 48, true, "HS", 1], [5, 144, 48, true, "HS", 1],
      [5, 288, 96, true, "HS", 2], [5, 576, 96, true, "HS", 1], [5, 576, 96, true, "HS", 1],
    ],
    stageEnds: [0, 1, 3, 8, 11],
  },
};
const norm = { eps: 1e-3, momentum: 0.01 };

/** Convolution, batch norm, activation. */
const block = (from: number, to: number, kernelSize: number, activation: ActivationName, { stride = 1, groups = 1 } = {}): ConvBlock =>
  new ConvBlock(from, to, { kernelSize, stride, groups, activation, norm, init: heNormal(to * kernelSize ** 2) });

/** x times a weight of every channel, which its mean and two 1×1 convolutions give (Hu et al. 2018, with a hard sigmoid). */
class SqueezeExcitation extends Layer {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  constructor(channels: number) {
    super();
    const squeezed = makeDivisible(Math.floor(channels / 4));
    this.fc1 = new Conv2d(channels, squeezed, { kernelSize: 1, init: heNormal(squeezed) });
    this.fc2 = new Conv2d(squeezed, channels, { kernelSize: 1, init: heNormal(channels) });
  }

  forward(x: Tensor): Tensor<"f32"> {
    const weights = hardSigmoid(this.fc2.forward(relu(this.fc1.forward(globalAvgPool2d(x as Tensor<"f32">)))));
    return mul(x as Tensor<"f32">, weights) as Tensor<"f32">;
  }
}

/** 1×1 to more channels (where there are more), a depthwise convolution, squeeze-and-excitation, 1×1 to fewer, and x where the shape stays. */
class InvertedResidual extends Layer {
  readonly block: Sequential;
  readonly #shortcut: boolean;

  constructor(from: number, expanded: number, to: number, [kernelSize, , , squeeze, activation, stride]: Row) {
    super();
    const name = activation === "RE" ? "relu" : "hard-swish";
    this.block = new Sequential(
      ...(expanded === from ? [] : [block(from, expanded, 1, name)]),
      block(expanded, expanded, kernelSize, name, { stride, groups: expanded }),
      ...(squeeze ? [new SqueezeExcitation(expanded)] : []),
      block(expanded, to, 1, "none"),
    );
    this.#shortcut = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.block.forward(x);
    return this.#shortcut ? (add(h, x) as Tensor<"f32">) : h;
  }
}

/**
 * MobileNetV3 (Howard et al. 2019) without its classifier: 2,971,952 parameters ("large"), 927,008 ("small"). Names are those of a backbone in
 * torchvision's segmentation networks ("0.0.weight", "1.block.0.0.weight", …), where torchvision's classifier has "features." in front.
 *
 *     layer   0        1    2    3    4    5    6    7    8 … 10   11 12   13    14  15   16        ("large")
 *     image → 3×3/2 → 16 → 24/2  24 → 40/2 40   40 → 80/2 80       112 112 160/2 160 160  960
 *     stride  2            4          8               16                   32
 *
 * torchvision dilates it to output stride 16, with rate 2 from layer 13 on: `dilate(encoder, { outputStride: 16, policy: "smp" })`.
 */
export class MobileNetV3 extends Encoder {
  readonly channels: readonly number[];
  /** All layers, in the order in which they run; their names are their numbers. */
  readonly layers: readonly Layer[];
  /** Channels behind each of `layers`. */
  readonly widths: readonly number[];
  /** The layer that comes to stride 8, the first one of its stage: where torchvision's networks take their second map. */
  readonly strideEight: number;
  readonly #ends: readonly number[];

  /** @throws OptionError for options out of range */
  constructor(options: MobileNetV3Options = {}) {
    super();
    checkOptions("MobileNetV3", options, ["variant", "inChannels", "width", "reducedTail"]);
    const { variant = "large", inChannels = 3, width = 1, reducedTail = false } = options;
    if (!Object.hasOwn(tables, variant)) throw new OptionError(`MobileNetV3: variant must be "large" or "small" but is ${JSON.stringify(variant)}.`);
    if (!(width > 0 && Number.isFinite(width))) throw new OptionError(`MobileNetV3: width must be a number above 0 but is ${width}.`);
    if (typeof reducedTail !== "boolean") throw new OptionError(`MobileNetV3: reducedTail must be true or false but is ${JSON.stringify(reducedTail)}.`);
    const { rows, stageEnds } = tables[variant];
    const tail = stageEnds[3]!;
    const scaled = (channels: number, row = 0): number => makeDivisible(width * (reducedTail && row >= tail ? Math.floor(channels / 2) : channels));
    const first = scaled(16);
    const widths = [first, ...rows.map(([, , channels], i) => scaled(channels, i))];
    // The first block of a reduced tail still expands to the channels of the full one.
    const blocks = rows.map((row, i) => new InvertedResidual(widths[i]!, scaled(row[1], i === tail ? 0 : i), widths[i + 1]!, row));
    const last = 6 * widths.at(-1)!;
    this.layers = [block(inChannels, first, 3, "hard-swish", { stride: 2 }), ...blocks, block(widths.at(-1)!, last, 1, "hard-swish")];
    this.widths = [...widths, last];
    this.strideEight = stageEnds[1]! + 1;
    this.#ends = [...stageEnds.slice(0, 4).map((end) => end + 1), this.layers.length];
    this.channels = [inChannels, ...this.#ends.map((end) => this.widths[end - 1]!)];
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps = this.run(x, this.#ends[depth - 1]!);
    return [x as Tensor<"f32">, ...this.#ends.slice(0, depth).map((end) => maps[end - 1]!)];
  }

  /** The map behind each of the first `count` layers; default all. */
  run(x: Tensor, count = this.layers.length): Tensor<"f32">[] {
    const maps: Tensor<"f32">[] = [];
    for (const layer of this.layers.slice(0, count)) maps.push(layer.forward(maps.at(-1) ?? x) as Tensor<"f32">);
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    return this.#ends.map((end, stage) => this.layers.slice(stage === 0 ? 0 : this.#ends[stage - 1], end));
  }
}
