import { heNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Dropout } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { MaxPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { cast } from "../ops/cast.js";
import { concat } from "../ops/concat.js";
import { reshape } from "../ops/reshape.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { centreCrop } from "./centre-crop.js";
import { SegmentationModel, type InputSpan } from "./segmentation-model.js";

export interface UNetOriginalOptions {
  /** Channels of the image. Default 1. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. Default 2. */
  classes?: number;
  /** Channels of each level, from the image's size downwards; one pooling between two. Default [64, 128, 256, 512, 1024]. */
  widths?: readonly number[];
}

/** Two 3×3 convolutions without padding, each followed by ReLU; dropout behind them where the contracting path ends. */
class DoubleConv extends Layer {
  readonly doubleConv: Sequential;

  constructor(from: number, to: number, drop = false) {
    super();
    const conv = (channels: number): Conv2d => new Conv2d(channels, to, { kernelSize: 3, init: heNormal(9 * channels) });
    this.doubleConv = new Sequential(conv(from), new ReLU(), conv(to), new ReLU(), ...(drop ? [new Dropout(0.5)] : []));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.doubleConv.forward(x);
  }
}

/** One level down: half the size, then two convolutions. */
class Down extends Layer {
  readonly maxpoolConv: Sequential;

  constructor(from: number, to: number, drop: boolean) {
    super();
    this.maxpoolConv = new Sequential(new MaxPool2d({ kernelSize: 2 }), new DoubleConv(from, to, drop));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.maxpoolConv.forward(x);
  }
}

/** One level up: twice the size and half the channels, joined with the middle of what the way down left, then two convolutions. */
class Up extends Module {
  readonly up: ConvTranspose2d;
  readonly conv: DoubleConv;

  constructor(from: number, to: number) {
    super();
    this.up = new ConvTranspose2d(from, to, { kernelSize: 2, stride: 2, init: heNormal(from) });
    this.conv = new DoubleConv(2 * to, to);
  }

  forward(x: Tensor, skip: Tensor<"f32">): Tensor<"f32"> {
    const up = this.up.forward(x);
    return this.conv.forward(concat([centreCrop(skip, up), up]));
  }
}

/** Scores of the classes: a 1×1 convolution. */
class OutConv extends Layer {
  readonly conv: Conv2d;

  constructor(from: number, to: number) {
    super();
    this.conv = new Conv2d(from, to, { kernelSize: 1, init: heNormal(from) });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.conv.forward(x);
  }
}

/**
 * U-Net as published (Ronneberger, Fischer & Brox 2015): convolutions without padding, so that every logit has all of its context in the
 * image, and the logits belong to the image's middle. 31,030,658 parameters for one channel and two classes.
 *
 *     572 ─ 568 ────────────────── [392, 392] ─ 388 → logits
 *      └ 284 ─ 280 ────────────── [200, 200] ─ 196
 *         └ 140 ─ 136 ────────── [104, 104] ─ 100
 *            └ 68 ─ 64 ───────── [56, 56] ─ 52
 *               └ 32 ─ 28 ────────┘
 *
 * Levels of the way down are cut to the size of the way up ([skip, up]); dropout ends the last two of them, as in the authors' Caffe program
 * (whose up-convolutions have a ReLU that the paper does not mention, and none here). All weights start as N(0, 2 / n) with n inputs of
 * a neuron. Names are those of `UNet` with `norm: "none"`, whose files fit.
 *
 * `forward` takes sides of 16 k + 12 pixels from 188 upwards (with other `widths`, what its error says), and gives logits that are 184 smaller, with
 * 92 pixels around them. `predict` and `evaluate` take any image: beyond its edges they show its mirror image, the paper's overlap-tile
 * strategy with one tile. In training, masks are cut to the part that has logits.
 */
export class UNetOriginal extends SegmentationModel {
  readonly architecture = "unet-original";
  readonly multipleOf: number;
  readonly inc: DoubleConv;
  readonly downs: readonly Down[];
  readonly ups: readonly Up[];
  readonly outc: OutConv;

  constructor(options: UNetOriginalOptions = {}) {
    checkOptions("UNetOriginal", options, ["inChannels", "classes", "widths"]);
    const { inChannels = 1, classes = 2, widths = [64, 128, 256, 512, 1024] } = options;
    if (!Array.isArray(widths) || widths.length < 2 || widths.some((w) => !Number.isInteger(w) || w < 1))
      throw new OptionError(`UNetOriginal: widths must be at least two whole numbers of at least 1 but is ${JSON.stringify(widths)}.`);
    super({ inChannels, classes, ...{ widths: [...widths] } });
    const levels = widths.length - 1;
    const width = (level: number): number => widths[level] as number;
    this.multipleOf = 2 ** levels;
    this.inc = new DoubleConv(inChannels, width(0), levels === 1);
    this.downs = Array.from({ length: levels }, (_, i) => new Down(width(i), width(i + 1), i >= levels - 2));
    this.ups = Array.from({ length: levels }, (_, i) => new Up(width(levels - i), width(levels - 1 - i)));
    this.outc = new OutConv(width(0), classes);
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["inc", this.inc];
    for (const [i, down] of this.downs.entries()) yield [`down${i + 1}`, down];
    for (const [i, up] of this.ups.entries()) yield [`up${i + 1}`, up];
    yield ["outc", this.outc];
  }

  /** Pixels that logits are smaller than the image: four at each convolved level of either path, counted in pixels of the image. */
  get #lost(): number {
    return 4 * (3 * this.multipleOf - 2);
  }

  /** The smallest input that has logits for `length` pixels, half of the rest before them: sides that no pooling on the way down cuts. */
  override inputSize(length: number): InputSpan {
    const odd = 4 * (this.multipleOf - 1);
    const size = odd + Math.ceil((length + this.#lost - odd) / this.multipleOf) * this.multipleOf;
    return { size, before: this.#lost / 2 };
  }

  /** The middle of the mask, of which there are logits. */
  override matchMask(mask: Tensor<"u8">, logits: Tensor): Tensor<"u8"> {
    const [n, height, width] = logits.shape as [number, number, number];
    const map = reshape(cast(mask, "f32"), [...mask.shape, 1]) as Tensor<"f32">;
    return cast(reshape(centreCrop(map, logits), [n, height, width]), "u8") as Tensor<"u8">;
  }

  /**
   * Scores of the classes for the middle of an image.
   *
   * @param x [N, H, W, inChannels], as for other models, with H and W of 188, 204, 220, …
   * @returns logits, f32 [N, H − 184, W − 184, classes]
   * @throws ShapeError for other heights and widths
   */
  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    this.#checkSides(image);
    let h = this.inc.forward(image);
    const skips: Tensor<"f32">[] = [];
    for (const down of this.downs) {
      skips.push(h);
      h = down.forward(h);
    }
    for (const up of this.ups) h = up.forward(h, skips.pop()!);
    return this.outc.forward(h);
  }

  #checkSides(image: Tensor): void {
    const least = this.inputSize(1).size;
    for (const [axis, side] of [["height", image.shape[1]!], ["width", image.shape[2]!]] as const) {
      if (side >= least && (side - least) % this.multipleOf === 0) continue;
      const next = side < least ? least : least + Math.ceil((side - least) / this.multipleOf) * this.multipleOf;
      throw new ShapeError("UNetOriginal", `without padding the network takes a ${axis} of ${least}, ${least + this.multipleOf}, ${least + 2 * this.multipleOf}, … pixels but x has ${side}. Take ${next}, or predict(), which mirrors images on`, { x: [image.shape, "NHWC"] });
    }
  }
}
