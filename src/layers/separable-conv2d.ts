import type { ConvolutionPadding, PaddingMode } from "../ops/conv2d-options.js";
import type { PairLike } from "../ops/window.js";
import { checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Conv2d, type Conv2dOptions } from "./conv2d.js";
import type { Layer } from "./layer.js";
import { Sequential } from "./sequential.js";

export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, "groups"> {
  /** Kernels, and so results, per channel; those of a channel lie side by side. Default 1. */
  multiplier?: number;
}

/** Convolution of every channel for itself: a `Conv2d` of as many groups as channels, with `weight` [channels · multiplier, kh, kw, 1]. */
export class DepthwiseConv2d extends Conv2d {
  /** @throws OptionError for options out of range */
  constructor(channels: number, options: DepthwiseConv2dOptions) {
    checkOptions("DepthwiseConv2d", options, ["kernelSize", "stride", "padding", "paddingMode", "dilation", "bias", "multiplier"]);
    const { multiplier = 1, ...rest } = options;
    requireChannels("DepthwiseConv2d", { channels, multiplier });
    super(channels, channels * multiplier, { ...rest, groups: channels });
  }
}

export interface SeparableConv2dOptions {
  /** Height and width of the depthwise kernel. */
  kernelSize: PairLike;
  /** Default 1. */
  stride?: PairLike;
  /** Rows and columns around x, [vertical, horizontal] or by side, or the rule "valid", "same" or "same-tensorflow". Default 0. */
  padding?: ConvolutionPadding;
  /** What the padding shows: "zeros", "reflect", "replicate" or "circular". Default "zeros". */
  paddingMode?: PaddingMode;
  /** Distance of neighbouring kernel positions; above 1 this is DeepLab v3+'s atrous separable convolution. Default 1. */
  dilation?: PairLike;
  /** Depthwise kernels per channel. Default 1. */
  multiplier?: number;
  /** Whether the pointwise convolution has a bias; the depthwise one has none. Default true. */
  bias?: boolean;
  /** Layers between the two, such as the batch norm and ReLU of DeepLab v3+, for `inChannels · multiplier` channels. Default none. */
  between?: readonly Layer[];
}

/**
 * A depthwise convolution and then a pointwise (1×1) one: `Sequential` of the two, with the state-dict names of
 * segmentation_models_pytorch's SeparableConv2d ("0.weight", "1.weight", "1.bias"; layers between move the pointwise one back).
 */
export class SeparableConv2d extends Sequential {
  /** @throws OptionError for options out of range */
  constructor(inChannels: number, outChannels: number, options: SeparableConv2dOptions) {
    checkOptions("SeparableConv2d", options, ["kernelSize", "stride", "padding", "paddingMode", "dilation", "multiplier", "bias", "between"]);
    const { bias = true, between = [], multiplier = 1, ...geometry } = options;
    requireChannels("SeparableConv2d", { inChannels, outChannels, multiplier });
    super(
      new DepthwiseConv2d(inChannels, { ...geometry, multiplier, bias: false }),
      ...between,
      new Conv2d(inChannels * multiplier, outChannels, { kernelSize: 1, bias }),
    );
  }
}
