import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank } from "../runtime/shape.js";
import { requireTensors, requireWhole, requireWords } from "./require.js";
import { reshape } from "./reshape.js";
import { transpose } from "./transpose.js";

export interface PixelShuffleOptions {
  /** r: how many times the height and width grow. */
  upscaleFactor: number;
}

export interface PixelUnshuffleOptions {
  /** r: how many times the height and width shrink. */
  downscaleFactor: number;
}

/** The factor r of both directions, checked; `op` is named in the errors. */
export function shuffleFactor<K extends string>(op: string, name: K, options: Record<K, number>): number {
  checkOptions(op, options, [name]);
  const r = options[name];
  if (typeof r !== "number") throw new OptionError(`${op}: ${name} must be a whole number of at least 1 but is ${JSON.stringify(r)}.`);
  requireWhole(op, name, r, 1);
  return r;
}

function checked(op: string, x: TensorLike): [number, number, number, number] {
  requireTensors(op, { x });
  requireWords(op, "x", x);
  checkRank(op, "x", x.shape, "NHWC");
  return x.shape as [number, number, number, number];
}

/**
 * Turns channels into pixels (sub-pixel convolution, Shi et al. 2016): channel c r² + i r + j of a pixel becomes channel c of
 * row i, column j of an r × r block, PyTorch's order. The inverse of `pixelUnshuffle`, which is also its gradient.
 *
 *   out[n, y r + i, x r + j, c] = x[n, y, x, c r² + i r + j]
 *
 * @param x [N, H, W, C r²]: f32, f16, i32 or u32
 * @returns [N, H r, W r, C], the dtype of x
 * @throws ShapeError unless r² divides the channels
 * @pytorch torch.nn.functional.pixel_shuffle
 * @onnx DepthToSpace with mode CRD
 */
export function pixelShuffle<D extends DType>(x: TensorLike<D>, options: PixelShuffleOptions): Tensor<D> {
  const r = shuffleFactor("pixelShuffle", "upscaleFactor", options);
  const [n, h, w, c] = checked("pixelShuffle", x);
  if (c % r ** 2 !== 0) throw new ShapeError("pixelShuffle", `x must have a multiple of ${r ** 2} channels (upscaleFactor ${r}, squared) but has ${c}`, { x: [x.shape, "NHWC"] });
  if (!capturing()) return runEagerly(() => pixelShuffle(x, options));
  const blocks = transpose(reshape(x, [n * h, w, c / r ** 2, r, r]), [0, 3, 1, 4, 2]);
  return reshape(blocks, [n, h * r, w * r, c / r ** 2]);
}

/**
 * Turns r × r blocks of pixels into channels: the inverse of `pixelShuffle`, which is also its gradient.
 *
 *   out[n, y, x, c r² + i r + j] = x[n, y r + i, x r + j, c]
 *
 * @param x [N, H r, W r, C]: f32, f16, i32 or u32
 * @returns [N, H, W, C r²], the dtype of x
 * @throws ShapeError unless r divides height and width
 * @pytorch torch.nn.functional.pixel_unshuffle
 * @onnx none (SpaceToDepth orders channels i, j, c)
 */
export function pixelUnshuffle<D extends DType>(x: TensorLike<D>, options: PixelUnshuffleOptions): Tensor<D> {
  const r = shuffleFactor("pixelUnshuffle", "downscaleFactor", options);
  const [n, h, w, c] = checked("pixelUnshuffle", x);
  if (h % r !== 0 || w % r !== 0) throw new ShapeError("pixelUnshuffle", `height and width of x must be multiples of downscaleFactor ${r}`, { x: [x.shape, "NHWC"] });
  if (!capturing()) return runEagerly(() => pixelUnshuffle(x, options));
  const blocks = transpose(reshape(x, [(n * h) / r, r, w / r, r, c]), [0, 2, 4, 1, 3]);
  return reshape(blocks, [n, h / r, w / r, c * r ** 2]);
}
