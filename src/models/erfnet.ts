import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Dropout2d } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { relu } from "../ops/activations.js";
import { concat } from "../ops/concat.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { add } from "../ops/pointwise.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { centreCrop } from "./centre-crop.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface ERFNetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels at half the image's size, more than inChannels; 4 and 8 times as many further down. Default 16. */
  width?: number;
  /** Rate of the dropout of whole maps in the blocks at an eighth of the size, 0 … 1; a tenth of it at a quarter. Default 0.3. */
  dropout?: number;
}

const eps = 1e-3;

/** Half the size: a convolution beside the pooled maps (ENet's initial block), batch norm, ReLU. */
class DownsamplerBlock extends Layer {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(from: number, to: number) {
    super();
    this.conv = new Conv2d(from, to - from, { kernelSize: 3, stride: 2, padding: 1 });
    this.bn = new BatchNorm2d(to, { eps });
  }

  forward(x: Tensor): Tensor<"f32"> {
    // Ceil mode is for odd sizes alone, where the convolution rounds up as well.
    const pooled = maxPool2d(x as Tensor<"f32">, { kernelSize: 2, ceilMode: true });
    return relu(this.bn.forward(concat([this.conv.forward(x), pooled])));
  }
}

/** The paper's non-bottleneck-1D: a residual block of two 3×3 convolutions, each taken apart into 3×1 and 1×3; the second pair has holes. */
class NonBottleneck1d extends Layer {
  readonly conv3x1_1: Conv2d;
  readonly conv1x3_1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv3x1_2: Conv2d;
  readonly conv1x3_2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly dropout: Dropout2d;

  constructor(channels: number, dropout: number, dilation: number) {
    super();
    const vertical = (rate: number): Conv2d => new Conv2d(channels, channels, { kernelSize: [3, 1], padding: [rate, 0], dilation: [rate, 1] });
    const horizontal = (rate: number): Conv2d => new Conv2d(channels, channels, { kernelSize: [1, 3], padding: [0, rate], dilation: [1, rate] });
    this.conv3x1_1 = vertical(1);
    this.conv1x3_1 = horizontal(1);
    this.bn1 = new BatchNorm2d(channels, { eps });
    this.conv3x1_2 = vertical(dilation);
    this.conv1x3_2 = horizontal(dilation);
    this.bn2 = new BatchNorm2d(channels, { eps });
    this.dropout = new Dropout2d(dropout);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const first = relu(this.bn1.forward(this.conv1x3_1.forward(relu(this.conv3x1_1.forward(x)))));
    const second = this.bn2.forward(this.conv1x3_2.forward(relu(this.conv3x1_2.forward(first))));
    return relu(add(this.dropout.forward(second), x as Tensor<"f32">));
  }
}

/** Twice the size: transposed convolution, batch norm, ReLU. */
class UpsamplerBlock extends Module {
  readonly conv: ConvTranspose2d;
  readonly bn: BatchNorm2d;

  constructor(from: number, to: number) {
    super();
    this.conv = new ConvTranspose2d(from, to, { kernelSize: 3, stride: 2, padding: 1 });
    this.bn = new BatchNorm2d(to, { eps });
  }

  /** @param like the map of the encoder whose size the result has: twice that of x, or one less */
  forward(x: Tensor, like: Tensor): Tensor<"f32"> {
    return relu(this.bn.forward(this.conv.forward(x, { outputSize: [like.shape[1]!, like.shape[2]!] })));
  }
}

class Encoder extends Module {
  readonly initialBlock: DownsamplerBlock;
  readonly layers: readonly (DownsamplerBlock | NonBottleneck1d)[];
  readonly outputConv: Conv2d;

  constructor(inChannels: number, classes: number, [half, quarter, eighth]: readonly [number, number, number], dropout: number) {
    super();
    this.initialBlock = new DownsamplerBlock(inChannels, half);
    this.layers = [
      new DownsamplerBlock(half, quarter),
      ...Array.from({ length: 5 }, () => new NonBottleneck1d(quarter, dropout / 10, 1)),
      new DownsamplerBlock(quarter, eighth),
      ...[2, 4, 8, 16, 2, 4, 8, 16].map((dilation) => new NonBottleneck1d(eighth, dropout, dilation)),
    ];
    this.outputConv = new Conv2d(eighth, classes, { kernelSize: 1 });
  }

  /** Maps at a half, a quarter and an eighth of the size. */
  forward(x: Tensor): [half: Tensor<"f32">, quarter: Tensor<"f32">, eighth: Tensor<"f32">] {
    const half = this.initialBlock.forward(x);
    const through = (h: Tensor<"f32">, layers: readonly Layer[]): Tensor<"f32"> => layers.reduce((h, layer) => layer.forward(h), h);
    const quarter = through(half, this.layers.slice(0, 6));
    return [half, quarter, through(quarter, this.layers.slice(6))];
  }
}

class Decoder extends Module {
  readonly layers: readonly [UpsamplerBlock, NonBottleneck1d, NonBottleneck1d, UpsamplerBlock, NonBottleneck1d, NonBottleneck1d];
  readonly outputConv: ConvTranspose2d;

  constructor(classes: number, [half, quarter, eighth]: readonly [number, number, number]) {
    super();
    const refine = (channels: number): NonBottleneck1d => new NonBottleneck1d(channels, 0, 1);
    this.layers = [new UpsamplerBlock(eighth, quarter), refine(quarter), refine(quarter), new UpsamplerBlock(quarter, half), refine(half), refine(half)];
    this.outputConv = new ConvTranspose2d(half, classes, { kernelSize: 2, stride: 2 });
  }

  forward(image: Tensor, [half, quarter, eighth]: readonly [Tensor, Tensor, Tensor]): Tensor<"f32"> {
    const [up1, a, b, up2, c, d] = this.layers;
    const middle = b.forward(a.forward(up1.forward(eighth, quarter)));
    const top = d.forward(c.forward(up2.forward(middle, half)));
    return centreCrop(this.outputConv.forward(top), image);
  }
}

/**
 * ERFNet (Romera, Álvarez, Bergasa & Arroyo 2018), for real time: residual blocks of one-dimensional convolutions, and context from
 * dilated ones at an eighth of the size.
 *
 *     image ↓ 16 (1/2) ↓ 64 × 5 (1/4) ↓ 128 × 8, dilations 2 4 8 16 (1/8) ↑ 64 × 2 (1/4) ↑ 16 × 2 (1/2) ↑ classes
 *
 * Names and counts (2,066,836 parameters for twenty classes) are those of the authors' erfnet_pytorch; files that it trained over several
 * GPUs fit as well. `encoder.output_conv` is a part of such files that only `encoderLogits` uses: the authors train the encoder first.
 * Any image size is fine. (The authors' needs multiples of 8, for which this one computes the same.)
 */
export class ERFNet extends SegmentationModel {
  readonly architecture = "erfnet";
  readonly multipleOf = 8;
  readonly encoder: Encoder;
  readonly decoder: Decoder;

  /** @throws OptionError for options out of range */
  constructor(options: ERFNetOptions) {
    checkOptions("ERFNet", options, ["inChannels", "classes", "width", "dropout"]);
    const { inChannels = 3, classes, width: w = 16, dropout = 0.3 } = options;
    if (!Number.isInteger(w) || w <= inChannels) throw new OptionError(`ERFNet: width must be a whole number above inChannels (${inChannels}) but is ${String(w)}.`);
    if (!(dropout >= 0 && dropout <= 1)) throw new OptionError(`ERFNet: dropout must be between 0 and 1 but is ${String(dropout)}.`);
    super({ inChannels, classes, ...{ width: w, dropout } });
    this.encoder = new Encoder(inChannels, classes, [w, 4 * w, 8 * w], dropout);
    this.decoder = new Decoder(classes, [w, 4 * w, 8 * w]);
  }

  /**
   * Logits of the encoder alone at an eighth of the size, which the authors train before there is a decoder.
   *
   * @param x as for `forward`
   * @returns f32 [N, ⌈H / 8⌉, ⌈W / 8⌉, classes]; `matchMask` fits the mask to them
   */
  encoderLogits(x: Tensor): Tensor<"f32"> {
    return this.encoder.outputConv.forward(this.encoder.forward(this.input(x))[2]);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    return this.decoder.forward(image, this.encoder.forward(image));
  }
}
