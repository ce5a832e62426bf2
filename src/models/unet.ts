import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { MaxPool2d } from "../layers/pooling.js";
import { Upsample } from "../layers/resize.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { pad2d } from "../ops/pad2d.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface UNetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels of each level, from the image's size downwards; one pooling between two. Default [64, 128, 256, 512, 1024]. */
  widths?: readonly number[];
  /** Bilinear upsampling instead of transposed convolutions, with half the channels. Default false. */
  bilinear?: boolean;
  /** "batch": convolution, batch norm, ReLU; "none": convolution with bias, ReLU, as in the paper. Default "batch". */
  norm?: "batch" | "none";
}

type Norm = "batch" | "none";

const conv3x3 = (from: number, to: number, norm: Norm): Layer[] =>
  norm === "batch"
    ? [new Conv2d(from, to, { kernelSize: 3, padding: 1, bias: false }), new BatchNorm2d(to), new ReLU()]
    : [new Conv2d(from, to, { kernelSize: 3, padding: 1 }), new ReLU()];

/** Two 3×3 convolutions. */
class DoubleConv extends Layer {
  readonly doubleConv: Sequential;

  constructor(from: number, to: number, norm: Norm, middle = to) {
    super();
    this.doubleConv = new Sequential(...conv3x3(from, middle, norm), ...conv3x3(middle, to, norm));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.doubleConv.forward(x);
  }
}

/** One level down: half the size, then two convolutions. */
class Down extends Layer {
  readonly maxpoolConv: Sequential;

  constructor(from: number, to: number, norm: Norm) {
    super();
    this.maxpoolConv = new Sequential(new MaxPool2d({ kernelSize: 2 }), new DoubleConv(from, to, norm));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.maxpoolConv.forward(x);
  }
}

/** One level up: twice the size, joined with what the way down left at that size, then two convolutions. */
class Up extends Module {
  readonly up: ConvTranspose2d | Upsample;
  readonly conv: DoubleConv;

  constructor(up: ConvTranspose2d | Upsample, conv: DoubleConv) {
    super();
    this.up = up;
    this.conv = conv;
  }

  forward(x: Tensor, skip: Tensor): Tensor<"f32"> {
    return this.conv.forward(concat([skip, fit(this.up.forward(x), skip)]));
  }
}

/** Pads an upsampled map to the size of the other: odd sizes lost a row or column in pooling. */
function fit(x: Tensor, like: Tensor): Tensor {
  const [rows, columns] = [like.shape[1]! - x.shape[1]!, like.shape[2]! - x.shape[2]!];
  if (rows === 0 && columns === 0) return x;
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return pad2d(x, { top, bottom: rows - top, left, right: columns - left });
}

/** Scores of the classes: a 1×1 convolution. */
class OutConv extends Layer {
  readonly conv: Conv2d;

  constructor(from: number, to: number) {
    super();
    this.conv = new Conv2d(from, to, { kernelSize: 1 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.conv.forward(x);
  }
}

/**
 * U-Net (Ronneberger, Fischer & Brox 2015) with padded convolutions, so that the logits have the size of the image:
 *
 *     inc ──────────────────────── [skip, up] ── up4 ── outc
 *      └ down1 ─────────────── [skip, up] ── up3
 *         └ down2 ────────── [skip, up] ── up2
 *            └ down3 ──── [skip, up] ── up1
 *               └ down4 ──────────┘
 *
 * Parameter names and counts are those of milesial's Pytorch-UNet for the same widths (31,037,698 for three channels and
 * two classes), so its files load unchanged. Any image size of at least 2^(levels − 1) pixels is fine.
 */
export class UNet extends SegmentationModel {
  readonly architecture = "unet";
  readonly multipleOf: number;
  readonly inc: DoubleConv;
  readonly downs: readonly Down[];
  readonly ups: readonly Up[];
  readonly outc: OutConv;

  constructor(options: UNetOptions) {
    checkOptions("UNet", options, ["inChannels", "classes", "widths", "bilinear", "norm"]);
    const { inChannels = 3, classes, widths = [64, 128, 256, 512, 1024], bilinear = false, norm = "batch" } = options;
    if (!Array.isArray(widths) || widths.length < 2 || widths.some((w) => !Number.isInteger(w) || w < (bilinear ? 2 : 1)))
      throw new OptionError(`UNet: widths must be at least two whole numbers of at least ${bilinear ? 2 : 1} but is ${JSON.stringify(widths)}.`);
    if (norm !== "batch" && norm !== "none") throw new OptionError(`UNet: norm must be "batch" or "none" but is ${JSON.stringify(norm)}.`);
    super({ inChannels, classes, ...{ widths: [...widths], bilinear, norm } });
    const levels = widths.length - 1;
    const width = (level: number): number => widths[level] as number;
    const half = (channels: number): number => (bilinear ? Math.floor(channels / 2) : channels);
    this.multipleOf = 2 ** levels;

    this.inc = new DoubleConv(inChannels, width(0), norm);
    this.downs = Array.from({ length: levels }, (_, i) => new Down(width(i), i === levels - 1 ? half(width(i + 1)) : width(i + 1), norm));
    this.ups = Array.from({ length: levels }, (_, i) => {
      const level = levels - 1 - i;
      const [below, skip] = [half(width(level + 1)), width(level)];
      if (!bilinear) return new Up(new ConvTranspose2d(below, skip, { kernelSize: 2, stride: 2 }), new DoubleConv(2 * skip, skip, norm));
      const joined = skip + below;
      return new Up(new Upsample({ scale: 2, alignCorners: true }), new DoubleConv(joined, level === 0 ? skip : half(skip), norm, Math.floor(joined / 2)));
    });
    this.outc = new OutConv(width(0), classes);
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["inc", this.inc];
    for (const [i, down] of this.downs.entries()) yield [`down${i + 1}`, down];
    for (const [i, up] of this.ups.entries()) yield [`up${i + 1}`, up];
    yield ["outc", this.outc];
  }

  forward(x: Tensor): Tensor<"f32"> {
    let h = this.inc.forward(this.input(x));
    const skips: Tensor[] = [];
    for (const down of this.downs) {
      skips.push(h);
      h = down.forward(h);
    }
    for (const up of this.ups) h = up.forward(h, skips.pop()!);
    return this.outc.forward(h);
  }
}
