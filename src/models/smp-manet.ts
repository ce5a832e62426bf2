import { heUniform, zeros } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { ReLU, Sigmoid } from "../layers/activation.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Module } from "../layers/module.js";
import { GlobalAvgPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { matmul } from "../ops/matmul.js";
import { add, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { softmax } from "../ops/softmax.js";
import { transpose } from "../ops/transpose.js";
import { OptionError } from "../runtime/errors.js";
import { conv1x1, convBlock3x3, unetOptions } from "./smp-blocks.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

export interface SmpMAnetOptions extends SmpOptions {
  /** Channels of the decoder's blocks, from the smallest map upwards; one for each stage of the encoder. Default the last ones of [256, 128, 64, 32, 16]. */
  decoderChannels?: readonly number[];
  /** Channels in which the position-wise attention compares pixels. Default 64. */
  pabChannels?: number;
}

const conv3x3 = (channels: number): Conv2d => new Conv2d(channels, channels, { kernelSize: 3, padding: 1, init: heUniform(9 * channels), biasInit: zeros });
const doubled = (x: Tensor<"f32">): Tensor<"f32"> => resize(x, { scaleFactor: 2, mode: "nearest" });

/** Position-wise attention: every pixel of the smallest map looks at every other. */
class PositionAttention extends Module {
  readonly topConv: Conv2d;
  readonly centerConv: Conv2d;
  readonly bottomConv: Conv2d;
  readonly outConv: Conv2d;

  constructor(channels: number, compared: number) {
    super();
    this.topConv = conv1x1(channels, compared);
    this.centerConv = conv1x1(channels, compared);
    this.bottomConv = conv3x3(channels);
    this.outConv = conv3x3(channels);
  }

  /**
   * As smp computes it: the softmax runs over all pairs of pixels of an image, and the weighted sums, [pixels, channels] in memory, are
   * read as [channels, pixels] without being transposed.
   */
  forward(x: Tensor<"f32">): Tensor<"f32"> {
    const [n, h, w, channels] = x.shape as [number, number, number, number];
    const pixels = h * w;
    const rows = (map: Tensor<"f32">): Tensor<"f32"> => reshape(map, [n, pixels, map.shape[3]!]) as Tensor<"f32">;
    const likeness = matmul(rows(this.centerConv.forward(x)), rows(this.topConv.forward(x)), { transposeB: true });
    const weights = reshape(softmax(reshape(likeness, [n, pixels * pixels])), [n, pixels, pixels]);
    const sums = matmul(weights, rows(this.bottomConv.forward(x)));
    const misread = transpose(reshape(sums, [n, channels, pixels]), [0, 2, 1]);
    return this.outConv.forward(add(x, reshape(misread, [n, h, w, channels])));
  }
}

/** Weights of the channels from their means. */
function squeeze(channels: number): Sequential {
  const middle = Math.max(1, Math.floor(channels / 16));
  return new Sequential(new GlobalAvgPool2d(), conv1x1(channels, middle), new ReLU(), conv1x1(middle, channels), new Sigmoid());
}

/** One level up, with the channels weighed by what the map from below (hl) and the encoder's map (ll) say of them. */
class FusionAttention extends Module {
  readonly hlConv: Sequential;
  readonly squeezeLow: Sequential;
  readonly squeezeHigh: Sequential;
  readonly conv1: ConvBlock;
  readonly conv2: ConvBlock;

  constructor(from: number, skipChannels: number, to: number) {
    super();
    this.hlConv = new Sequential(convBlock3x3(from, from), new ConvBlock(from, skipChannels, { kernelSize: 1, init: heUniform(from) }));
    this.squeezeLow = squeeze(skipChannels);
    this.squeezeHigh = squeeze(skipChannels);
    this.conv1 = convBlock3x3(2 * skipChannels, to);
    this.conv2 = convBlock3x3(to, to);
  }

  override *children(): Generator<[name: string, module: Module]> {
    const names: Record<string, string> = { squeeze_low: "SE_ll", squeeze_high: "SE_hl" };
    for (const [name, child] of super.children()) yield [names[name] ?? name, child];
  }

  forward(x: Tensor<"f32">, skip: Tensor<"f32">): Tensor<"f32"> {
    const h = doubled(this.hlConv.forward(x));
    const weights = add(this.squeezeHigh.forward(h), this.squeezeLow.forward(skip));
    return this.conv2.forward(this.conv1.forward(concat([mul(h, weights) as Tensor<"f32">, skip])));
  }
}

/** One level up where the encoder has no map. */
class LastBlock extends Module {
  readonly conv1: ConvBlock;
  readonly conv2: ConvBlock;

  constructor(from: number, to: number) {
    super();
    this.conv1 = convBlock3x3(from, to);
    this.conv2 = convBlock3x3(to, to);
  }

  forward(x: Tensor<"f32">): Tensor<"f32"> {
    return this.conv2.forward(this.conv1.forward(doubled(x)));
  }
}

class MAnetDecoder extends SmpDecoder {
  readonly center: PositionAttention;
  readonly blocks: readonly (FusionAttention | LastBlock)[];

  constructor(encoderChannels: readonly number[], channels: readonly number[], pabChannels: number) {
    super();
    const [head, ...skips] = encoderChannels.slice(1).reverse() as [number, ...number[]];
    this.center = new PositionAttention(head, pabChannels);
    const from = [head, ...channels];
    this.blocks = channels.map((to, i) => (i < skips.length ? new FusionAttention(from[i]!, skips[i]!, to) : new LastBlock(from[i]!, to)));
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const [head, ...skips] = features.slice(1).reverse() as [Tensor<"f32">, ...Tensor<"f32">[]];
    return this.blocks.reduce((h, block, i) => block.forward(h, skips[i]!), this.center.forward(head));
  }
}

/**
 * segmentation_models_pytorch's `MAnet`, a U-Net with attention of positions at the bottom and of channels on the way up (Fan et al. 2020). 31,783,633
 * parameters with a ResNet-34 and one class. Both sides of an image must be multiples of 2^encoderDepth; the memory of the attention grows with the fourth
 * power of an image's side (67 MB for 1024 × 1024 pixels).
 *
 *     encoder  /2 ────────────────────────────── fusion 3 → up block 4 → 3×3 → logits
 *               /4 ────────────────────── fusion 2 ┘
 *                 /8 ──────────── fusion 1 ┘
 *                  /16 ── fusion 0 ┘
 *                   /32 → attention ┘
 */
export class SmpMAnet extends SmpModel {
  readonly architecture = "smp-manet";
  readonly decoder: MAnetDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpMAnetOptions) {
    const { pabChannels = 64, encoderDepth = 5, decoderChannels: channels } = options;
    const { decoderChannels } = unetOptions("SmpMAnet", encoderDepth, { decoderChannels: channels });
    if (!Number.isInteger(pabChannels) || pabChannels < 1)
      throw new OptionError(`SmpMAnet: pabChannels must be a whole number of at least 1 but is ${String(pabChannels)}.`);
    super("SmpMAnet", options, { own: { decoderChannels, pabChannels } });
    this.decoder = new MAnetDecoder(this.encoderChannels, decoderChannels, pabChannels);
    this.segmentationHead = new SegmentationHead(decoderChannels.at(-1)!, this.classes);
  }
}
