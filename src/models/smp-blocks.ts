import { heUniform, zeros } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { ReLU, Sigmoid } from "../layers/activation.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { GlobalAvgPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { add, mul } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { OptionError } from "../runtime/errors.js";

/** Attention in a decoder's blocks: none, or spatial and channel squeeze-and-excitation. */
export type DecoderAttention = "scse" | null;

/** 3×3 convolution, batch norm, ReLU, as decoders of smp have and start it (He's uniform distribution). */
export const convBlock3x3 = (from: number, to: number): ConvBlock => new ConvBlock(from, to, { init: heUniform(9 * from) });

/** A 1×1 convolution with bias that starts as those of smp's decoders. */
export const conv1x1 = (from: number, to: number): Conv2d => new Conv2d(from, to, { kernelSize: 1, init: heUniform(from), biasInit: zeros });

/** Spatial and channel squeeze-and-excitation (Roy et al. 2018): x times a weight of every channel, plus x times a weight of every pixel. */
export class SCSE extends Layer {
  readonly channels: Sequential;
  readonly pixels: Sequential;

  constructor(inChannels: number, reduction = 16) {
    super();
    const middle = Math.floor(inChannels / reduction);
    this.channels = new Sequential(new GlobalAvgPool2d(), conv1x1(inChannels, middle), new ReLU(), conv1x1(middle, inChannels), new Sigmoid());
    this.pixels = new Sequential(conv1x1(inChannels, 1), new Sigmoid());
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["cSE", this.channels];
    yield ["sSE", this.pixels];
  }

  forward(x: Tensor): Tensor<"f32"> {
    return add(mul(x, this.channels.forward(x)), mul(x, this.pixels.forward(x))) as Tensor<"f32">;
  }
}

/** The place of an attention in a block, which files name "attention1.attention" or "attention2.attention". */
class Attention extends Module {
  readonly attention: SCSE | undefined;

  constructor(kind: DecoderAttention, channels: number) {
    super();
    this.attention = kind === null ? undefined : new SCSE(channels);
  }

  forward(x: Tensor<"f32">): Tensor<"f32"> {
    return this.attention ? this.attention.forward(x) : x;
  }
}

/** One level up: enlarged (nearest pixel), joined with the encoder's map of that size, two convolutions. Block of Unet and Unet++. */
export class UnetBlock extends Module {
  readonly conv1: ConvBlock;
  readonly attention1: Attention;
  readonly conv2: ConvBlock;
  readonly attention2: Attention;

  constructor(inChannels: number, skipChannels: number, outChannels: number, attention: DecoderAttention) {
    super();
    this.conv1 = convBlock3x3(inChannels + skipChannels, outChannels);
    this.attention1 = new Attention(attention, inChannels + skipChannels);
    this.conv2 = convBlock3x3(outChannels, outChannels);
    this.attention2 = new Attention(attention, outChannels);
  }

  /** Without a map to join (the last block) the first attention keeps its parameters and does nothing, as in smp. */
  forward(x: Tensor<"f32">, size: readonly [number, number], skips: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const up = resize(x, { size, mode: "nearest" }) as Tensor<"f32">;
    const joined = skips.length > 0 ? this.attention1.forward(concat([up, ...skips]) as Tensor<"f32">) : up;
    return this.attention2.forward(this.conv2.forward(this.conv1.forward(joined)));
  }
}

/** Two convolutions on the encoder's last map, which the decoders give to encoders that end in a pooling (VGG). */
export class CenterBlock extends Sequential {
  constructor(channels: number) {
    super(convBlock3x3(channels, channels), convBlock3x3(channels, channels));
  }
}

/** Channels of the blocks of a Unet's decoder, and its attention, checked. */
export function unetOptions(
  name: string,
  depth: number,
  { decoderChannels = [256, 128, 64, 32, 16].slice(-depth), decoderAttention = null }: { decoderChannels?: readonly number[] | undefined; decoderAttention?: DecoderAttention | undefined },
): { decoderChannels: readonly number[]; decoderAttention: DecoderAttention } {
  if (!Array.isArray(decoderChannels) || decoderChannels.length !== depth || decoderChannels.some((n) => !Number.isInteger(n) || n < 1))
    throw new OptionError(`${name}: decoderChannels must be ${depth} whole numbers of at least 1, one for each stage of the encoder, but is ${JSON.stringify(decoderChannels)}.`);
  if (decoderAttention !== null && decoderAttention !== "scse") throw new OptionError(`${name}: decoderAttention must be "scse" or null but is ${JSON.stringify(decoderAttention)}.`);
  return { decoderChannels: [...decoderChannels], decoderAttention };
}
