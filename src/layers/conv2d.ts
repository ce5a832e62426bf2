import { fanInUniform } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { conv2d } from "../ops/conv2d.js";
import { convolutionParams, requirePaddingMode, type ConvolutionPadding, type PaddingMode } from "../ops/conv2d-options.js";
import { flag } from "../ops/require.js";
import { pair, type PairLike } from "../ops/window.js";
import { checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

export interface Conv2dOptions {
  /** Height and width of the kernel. */
  kernelSize: PairLike;
  /** Default 1. */
  stride?: PairLike;
  /** Rows and columns around x, [vertical, horizontal] or by side, or the rule "valid", "same" or "same-tensorflow". Default 0. */
  padding?: ConvolutionPadding;
  /** What the padding shows: "zeros", "reflect", "replicate" or "circular". Default "zeros". */
  paddingMode?: PaddingMode;
  /** Distance of neighbouring kernel positions; above 1 the convolution is atrous. Default 1. */
  dilation?: PairLike;
  /** Channel groups that do not see each other; divides both channel counts. Default 1. */
  groups?: number;
  /** Default true. */
  bias?: boolean;
}

/**
 * Convolution with a learned kernel (`conv2d`): `weight` [out, kh, kw, in / groups] and `bias` [out], which start as
 * U(−b, b) with b = 1 / √(in / groups · kh · kw), as PyTorch's do.
 */
export class Conv2d extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #options: { stride: PairLike; padding: ConvolutionPadding; paddingMode: PaddingMode; dilation: PairLike; groups: number };

  /** @throws OptionError for options out of range, and when the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    checkOptions("Conv2d", options, ["kernelSize", "stride", "padding", "paddingMode", "dilation", "groups", "bias"]);
    const { stride = 1, padding = 0, paddingMode = "zeros", dilation = 1, groups = 1 } = options;
    const bias = flag("Conv2d", "bias", options.bias, true);
    requireChannels("Conv2d", { inChannels, outChannels }, groups);
    const [kh, kw] = pair("Conv2d", "kernelSize", options.kernelSize, 1);
    const init = fanInUniform((inChannels / groups) * kh * kw);
    this.weight = new Parameter([outChannels, kh, kw, inChannels / groups], init);
    this.bias = bias ? new Parameter([outChannels], init) : undefined;
    this.#options = { stride, padding, paddingMode, dilation, groups };
    // Bad options are refused here, not at the first image.
    requirePaddingMode("Conv2d", paddingMode);
    convolutionParams("Conv2d", this.#options, [1, 1], [kh, kw]);
  }

  /** @param x f32 [N, H, W, in]; returns [N, height, width, out] */
  forward(x: Tensor): Tensor<"f32"> {
    return conv2d(x, this.weight, { ...this.#options, bias: this.bias });
  }
}
