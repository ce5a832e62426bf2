import { fanInUniform, zeros, type Init } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { convTranspose2d, transposedParams } from "../ops/conv-transpose2d.js";
import type { Padding, PaddingMode } from "../ops/conv2d-options.js";
import { flag } from "../ops/require.js";
import { pair, type PairLike } from "../ops/window.js";
import { checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

export interface ConvTranspose2dOptions {
  /** Height and width of the kernel. */
  kernelSize: PairLike;
  /** How far apart neighbouring inputs are written. Default 1. */
  stride?: PairLike;
  /** Rows and columns cut from every side of the result, [vertical, horizontal] or by side. Default 0. */
  padding?: Padding;
  /** Only "zeros" exists, as in PyTorch. */
  paddingMode?: PaddingMode;
  /** Rows and columns that the result grows at the bottom and right; below stride or dilation. Default 0. */
  outputPadding?: PairLike;
  /** Distance of neighbouring kernel positions. Default 1. */
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
 * Transposed convolution with a learned kernel (`convTranspose2d`): `weight` [in, kh, kw, out / groups] and `bias` [out],
 * which start as U(−b, b) with b = 1 / √(out / groups · kh · kw), as PyTorch's do.
 */
export class ConvTranspose2d extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #options: { stride: PairLike; padding: Padding; outputPadding: PairLike; dilation: PairLike; groups: number };

  /** @throws OptionError for options out of range, and when the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dOptions) {
    super();
    checkOptions("ConvTranspose2d", options, ["kernelSize", "stride", "padding", "paddingMode", "outputPadding", "dilation", "groups", "bias", "init", "biasInit"]);
    const { stride = 1, padding = 0, paddingMode = "zeros", outputPadding = 0, dilation = 1, groups = 1 } = options;
    const bias = flag("ConvTranspose2d", "bias", options.bias, true);
    requireChannels("ConvTranspose2d", { inChannels, outChannels }, groups);
    const [kh, kw] = pair("ConvTranspose2d", "kernelSize", options.kernelSize, 1);
    const usual = fanInUniform((outChannels / groups) * kh * kw);
    this.weight = new Parameter([inChannels, kh, kw, outChannels / groups], options.init ?? usual);
    this.bias = bias ? new Parameter([outChannels], options.biasInit ?? (options.init ? zeros : usual)) : undefined;
    this.#options = { stride, padding, outputPadding, dilation, groups };
    transposedParams("ConvTranspose2d", { ...this.#options, paddingMode }); // bad options are refused here, not at the first image
  }

  /**
   * @param x f32 [N, H, W, in]; returns [N, height, width, out]
   * @param options `outputSize`: [height, width] of the result, in place of `outputPadding`
   */
  forward(x: Tensor, { outputSize }: { outputSize?: PairLike } = {}): Tensor<"f32"> {
    const { outputPadding, ...rest } = this.#options;
    return convTranspose2d(x, this.weight, { ...rest, ...(outputSize === undefined ? { outputPadding } : { outputSize }), bias: this.bias });
  }
}
