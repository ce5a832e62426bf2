import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { SeparableConv2d } from "../layers/separable-conv2d.js";
import { Sequential } from "../layers/sequential.js";
import { relu } from "../ops/activations.js";
import { concat } from "../ops/concat.js";
import { resize } from "../ops/resize.js";
import { OptionError } from "../runtime/errors.js";
import { ASPP } from "./aspp.js";
import { dilate } from "./encoders/dilate.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

export interface SmpDeepLabOptions extends SmpOptions {
  /** Pixels of the image per pixel of the encoder's last map: 8 or 16; the stages behind are dilated. Default 8 (`SmpDeepLabV3`) or 16 (`SmpDeepLabV3Plus`). */
  outputStride?: 8 | 16;
  /** Channels of the pyramid pooling and of the decoder. Default 256. */
  decoderChannels?: number;
  /** Dilations of the pyramid pooling's 3×3 convolutions. Default [12, 24, 36]. */
  atrousRates?: readonly number[];
  /** Whether those are depthwise separable. Default false (`SmpDeepLabV3`) or true (`SmpDeepLabV3Plus`). */
  asppSeparable?: boolean;
  /** Rate of the dropout behind the pyramid pooling. Default 0.5. */
  asppDropout?: number;
}

type Own = Required<Omit<SmpDeepLabOptions, keyof SmpOptions>>;

/** A depthwise and a pointwise convolution with nothing between, batch norm, ReLU. */
const separable = (from: number, to: number, rate = 1): [SeparableConv2d, BatchNorm2d, ReLU] =>
  [new SeparableConv2d(from, to, { kernelSize: 3, padding: rate, dilation: rate, bias: false }), new BatchNorm2d(to), new ReLU()];

const aspp = (from: number, { decoderChannels, atrousRates, asppSeparable, asppDropout }: Own): ASPP =>
  new ASPP(from, {
    channels: decoderChannels, rates: atrousRates, dropout: asppDropout,
    ...(asppSeparable && { branch: (from, to, rate) => new Sequential(...separable(from, to, rate)) }),
  });

/** Options of a network, complete. */
function complete(name: string, options: SmpDeepLabOptions, usual: Pick<Own, "outputStride" | "asppSeparable">): Own {
  const { outputStride, decoderChannels = 256, atrousRates = [12, 24, 36], asppSeparable, asppDropout = 0.5 } = options;
  const stride = outputStride ?? usual.outputStride;
  if (stride !== 8 && stride !== 16) throw new OptionError(`${name}: outputStride must be 8 or 16 but is ${String(stride)}.`);
  return { outputStride: stride, decoderChannels, atrousRates: [...atrousRates], asppSeparable: asppSeparable ?? usual.asppSeparable, asppDropout };
}

class DeepLabV3Decoder extends SmpDecoder {
  readonly aspp: ASPP;
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(encoderChannels: readonly number[], own: Own) {
    super();
    const { decoderChannels } = own;
    this.aspp = aspp(encoderChannels.at(-1)!, own);
    this.conv = new Conv2d(decoderChannels, decoderChannels, { kernelSize: 3, padding: 1, bias: false });
    this.bn = new BatchNorm2d(decoderChannels);
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    return relu(this.bn.forward(this.conv.forward(this.aspp.forward(features.at(-1)!)))) as Tensor<"f32">;
  }
}

/**
 * segmentation_models_pytorch's `DeepLabV3` (after Chen et al. 2017): an encoder with one dilation per stage, atrous spatial pyramid pooling, a 3×3
 * convolution. 26,007,105 parameters with a ResNet-34 and one class. Both sides of an image must be multiples of `outputStride`; training
 * needs batches of 2 and more. The paper's network is `DeepLabV3`, torchvision's `DeepLabV3ResNet`.
 *
 *     encoder → /8 → ASPP → 3×3 → 1×1 → ×8 → logits
 *
 * Files of older versions call the decoder's parts "decoder.0", "decoder.1" and "decoder.2"; they load as well.
 */
export class SmpDeepLabV3 extends SmpModel {
  readonly architecture = "smp-deeplab-v3";
  override readonly multipleOf: number;
  readonly decoder: DeepLabV3Decoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpDeepLabOptions) {
    const own = complete("SmpDeepLabV3", options, { outputStride: 8, asppSeparable: false });
    super("SmpDeepLabV3", options, { own });
    dilate(this.encoder, { outputStride: own.outputStride, policy: "smp" });
    this.multipleOf = Math.min(own.outputStride, 2 ** (options.encoderDepth ?? 5));
    this.decoder = new DeepLabV3Decoder(this.encoderChannels, own);
    this.segmentationHead = new SegmentationHead(own.decoderChannels, this.classes, { kernelSize: 1, upsampling: this.multipleOf });
  }

  override entryName(name: string): string {
    const parts: Record<string, string> = { 0: "aspp", 1: "conv", 2: "bn" };
    return name.replace(/^decoder\.([012])\./, (_, part: string) => `decoder.${parts[part]!}.`);
  }
}

class DeepLabV3PlusDecoder extends SmpDecoder {
  readonly aspp: Sequential;
  readonly block1: ConvBlock;
  readonly block2: Sequential;

  constructor(encoderChannels: readonly number[], own: Own) {
    super();
    const { decoderChannels } = own;
    this.aspp = new Sequential(aspp(encoderChannels.at(-1)!, own), ...separable(decoderChannels, decoderChannels));
    this.block1 = new ConvBlock(encoderChannels[2]!, 48, { kernelSize: 1 });
    this.block2 = new Sequential(...separable(48 + decoderChannels, decoderChannels));
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const fine = this.block1.forward(features[2]!);
    const coarse = resize(this.aspp.forward(features.at(-1)!), { size: [fine.shape[1]!, fine.shape[2]!], mode: "bilinear", alignCorners: true });
    return this.block2.forward(concat([coarse, fine]));
  }
}

/**
 * segmentation_models_pytorch's `DeepLabV3Plus` (after Chen et al. 2018). 22,437,457 parameters with a ResNet-34 and one class. Both sides of an image
 * must be multiples of `outputStride`; training needs batches of 2 and more. TensorFlow's network is `DeepLabV3Plus`.
 *
 *     encoder ┬→ /16 → ASPP (separable) → separable 3×3 → ×4 ┬→ separable 3×3 → 1×1 → ×4 → logits
 *             └→ /4 ──────── 1×1 to 48 channels ─────────────┘
 */
export class SmpDeepLabV3Plus extends SmpModel {
  readonly architecture = "smp-deeplab-v3+";
  override readonly multipleOf: number;
  readonly decoder: DeepLabV3PlusDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpDeepLabOptions) {
    const own = complete("SmpDeepLabV3Plus", options, { outputStride: 16, asppSeparable: true });
    super("SmpDeepLabV3Plus", options, { own });
    dilate(this.encoder, { outputStride: own.outputStride, policy: "smp" });
    this.multipleOf = Math.min(own.outputStride, 2 ** (options.encoderDepth ?? 5));
    this.decoder = new DeepLabV3PlusDecoder(this.encoderChannels, own);
    this.segmentationHead = new SegmentationHead(own.decoderChannels, this.classes, { kernelSize: 1, upsampling: 4 });
  }
}
