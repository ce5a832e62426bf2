import { guarded } from "../graph/current.js";
import { fanInUniform, zeros, type Init } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { conv2d } from "../ops/conv2d.js";
import { convolutionParams, requirePaddingMode, type ConvolutionPadding, type PaddingMode } from "../ops/conv2d-options.js";
import { flag } from "../ops/require.js";
import { pair, type Pair, type PairLike } from "../ops/window.js";
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
  /** What the kernel starts with. Default: PyTorch's, see below. */
  init?: Init;
  /** What the bias starts with. Default: PyTorch's where `init` is not given, zeros where it is. */
  biasInit?: Init;
}

/**
 * Convolution with a learned kernel (`conv2d`): `weight` [out, kh, kw, in / groups] and `bias` [out], which start as
 * U(−b, b) with b = 1 / √(in / groups · kh · kw), as PyTorch's do.
 */
export class Conv2d extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  #options: { stride: Pair; padding: ConvolutionPadding; paddingMode: PaddingMode; dilation: Pair; groups: number };

  /** @throws OptionError for options out of range, and when the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    checkOptions("Conv2d", options, ["kernelSize", "stride", "padding", "paddingMode", "dilation", "groups", "bias", "init", "biasInit"]);
    const { stride = 1, padding = 0, paddingMode = "zeros", dilation = 1, groups = 1 } = options;
    const bias = flag("Conv2d", "bias", options.bias, true);
    requireChannels("Conv2d", { inChannels, outChannels }, groups);
    const [kh, kw] = pair("Conv2d", "kernelSize", options.kernelSize, 1);
    const usual = fanInUniform((inChannels / groups) * kh * kw);
    this.weight = new Parameter([outChannels, kh, kw, inChannels / groups], options.init ?? usual);
    this.bias = bias ? new Parameter([outChannels], options.biasInit ?? (options.init ? zeros : usual)) : undefined;
    this.#options = { stride: pair("Conv2d", "stride", stride, 1), padding, paddingMode, dilation: pair("Conv2d", "dilation", dilation, 1), groups };
    // Bad options are refused here, not at the first image.
    requirePaddingMode("Conv2d", paddingMode);
    convolutionParams("Conv2d", this.#options, [1, 1], [kh, kw]);
  }

  /** Steps between output positions, [vertical, horizontal]. */
  get stride(): Pair {
    return guarded(() => this.#options).stride;
  }

  /** Distance of neighbouring kernel positions, [vertical, horizontal]. */
  get dilation(): Pair {
    return guarded(() => this.#options).dilation;
  }

  /**
   * Another stride and dilation, with the padding that keeps the kernel centred: ⌊k / 2⌋ · dilation on every side. Weights stay.
   * What turns a strided network into an atrous one (`dilate`).
   */
  setRate({ stride, dilation }: { stride: PairLike; dilation: PairLike }): void {
    const [steps, rate] = [pair("Conv2d", "stride", stride, 1), pair("Conv2d", "dilation", dilation, 1)];
    const [, kh, kw] = this.weight.shape as [number, number, number, number];
    this.#options = { ...this.#options, stride: steps, dilation: rate, padding: [Math.floor(kh / 2) * rate[0], Math.floor(kw / 2) * rate[1]] };
  }

  /** @param x f32 [N, H, W, in]; returns [N, height, width, out] */
  forward(x: Tensor): Tensor<"f32"> {
    return conv2d(x, this.weight, { ...guarded(() => this.#options), bias: this.bias });
  }
}
