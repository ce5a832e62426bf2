import { glorotUniform, truncatedNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import type { BatchNorm2dOptions } from "../layers/batch-norm2d.js";
import { requireChannels } from "../layers/channels.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Module } from "../layers/module.js";
import { SeparableBlock } from "../layers/separable-block.js";
import { concat } from "../ops/concat.js";
import { resize } from "../ops/resize.js";
import { checkOptions } from "../runtime/errors.js";

export interface DeepLabDecoderOptions {
  /** Channels that the map of the encoder is reduced to. Default 48. */
  projection?: number;
  /** Channels of the result. Default 256. */
  channels?: number;
  /** Options of the batch norms. Default {}. */
  norm?: BatchNorm2dOptions;
}

/** What the kernels of a `SeparableBlock` start with in the head of TensorFlow's DeepLab. */
export const separableInits = { depthwiseInit: truncatedNormal(0.33), pointwiseInit: truncatedNormal(0.06) } as const;

/**
 * The decoder of DeepLab v3+ (Chen et al. 2018, section 3.1): a map with much context is enlarged to the size of an earlier, finer map of the encoder,
 * joined with it, and refined. For any two maps of an encoder.
 *
 *     x ────────────── bilinear ─┐
 *                                concat → separable 3×3 → separable 3×3
 *     low level → 1×1, fewer ────┘
 *
 * Corners are aligned when enlarging, as in TensorFlow's DeepLab. Names follow its variables: "feature_projection0.0.weight",
 * "decoder_conv0.depthwise.0.weight", "decoder_conv0.pointwise.0.weight", …
 *
 *     const decoder = new DeepLabDecoder(aspp.outChannels, encoder.channels[2]!);
 *     const maps = encoder.features(x);
 *     decoder.forward(aspp.forward(maps.at(-1)!), maps[2]!)            // [N, ⌈H / 4⌉, ⌈W / 4⌉, 256]
 */
export class DeepLabDecoder extends Module {
  readonly featureProjection0: ConvBlock;
  readonly decoderConv0: SeparableBlock;
  readonly decoderConv1: SeparableBlock;
  /** Channels of the result. */
  readonly outChannels: number;

  /**
   * @param inChannels of the map with the context
   * @param lowLevelChannels of the encoder's map
   * @throws OptionError for options out of range
   */
  constructor(inChannels: number, lowLevelChannels: number, options: DeepLabDecoderOptions = {}) {
    super();
    checkOptions("DeepLabDecoder", options, ["projection", "channels", "norm"]);
    const { projection = 48, channels = 256, norm = {} } = options;
    requireChannels("DeepLabDecoder", { inChannels, lowLevelChannels, projection, channels });
    this.featureProjection0 = new ConvBlock(lowLevelChannels, projection, { kernelSize: 1, norm, init: glorotUniform(lowLevelChannels, projection) });
    this.decoderConv0 = new SeparableBlock(inChannels + projection, channels, { norm, ...separableInits });
    this.decoderConv1 = new SeparableBlock(channels, channels, { norm, ...separableInits });
    this.outChannels = channels;
  }

  /**
   * @param x f32 [N, h, w, inChannels]
   * @param lowLevel f32 [N, H, W, lowLevelChannels]
   * @returns [N, H, W, outChannels]
   */
  forward(x: Tensor, lowLevel: Tensor): Tensor<"f32"> {
    const size = [lowLevel.shape[1]!, lowLevel.shape[2]!] as const;
    const joined = concat([resize(x as Tensor<"f32">, { size, mode: "bilinear", alignCorners: true }), this.featureProjection0.forward(lowLevel)]);
    return this.decoderConv1.forward(this.decoderConv0.forward(joined));
  }
}
