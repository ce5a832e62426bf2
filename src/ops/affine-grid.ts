import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { broadcastTo } from "./broadcast-to.js";
import { cast } from "./cast.js";
import { constant } from "./constant.js";
import { cumsum } from "./cumsum.js";
import { add, mul } from "./pointwise.js";
import { flag, requireFloat, requireTensors } from "./require.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { pair, type PairLike } from "./window.js";

export interface AffineGridOptions {
  /** Height and width of the grid. */
  size: PairLike;
  /** −1 and 1 are the centres of the first and last pixel (true) or their outer edges (false), as in `gridSample`. Default false. */
  alignCorners?: boolean;
}

/** Where n pixels stand between −1 and 1. */
function places(n: number, alignCorners: boolean): Tensor {
  const counted = cumsum(broadcastTo(constant([1]), [n]));
  if (!alignCorners) return add(mul(counted, 2 / n), -1 - 1 / n);
  return n === 1 ? mul(counted, 0) : add(mul(counted, 2 / (n - 1)), -1 - 2 / (n - 1));
}

/**
 * The grid with which `gridSample` moves images by affine maps (Jaderberg et al. 2015): out[n, y, x] = theta[n] · (g_x, g_y, 1),
 * with g_x, g_y the place of the pixel between −1 and 1. The identity [[1, 0, 0], [0, 1, 0]] samples each pixel where it is.
 *
 * @param theta [N, 2, 3], f32 or f16: rows make x and y
 * @returns [N, size[0], size[1], 2], the dtype of theta
 * @throws ShapeError when theta has another shape
 *
 * @pytorch torch.nn.functional.affine_grid
 * @onnx AffineGrid
 */
export function affineGrid<D extends FloatDType = "f32">(theta: TensorLike<D>, options: AffineGridOptions): Tensor<D> {
  checkOptions("affineGrid", options, ["size", "alignCorners"]);
  const [h, w] = pair("affineGrid", "size", options.size, 1);
  const align = flag("affineGrid", "alignCorners", options.alignCorners, false);
  requireTensors("affineGrid", { theta });
  requireFloat("affineGrid", "theta", theta);
  if (theta.shape.length !== 3 || theta.shape[1] !== 2 || theta.shape[2] !== 3) throw new ShapeError("affineGrid", "theta must be [N, 2, 3]", { theta: theta.shape });
  if (!capturing()) return runEagerly(() => affineGrid(theta, options));
  const wide = cast(theta, "f32");
  const column = (start: number): Tensor => reshape(slice(wide, { axis: 2, start, length: 1 }), [theta.shape[0]!, 1, 1, 2]);
  const across = mul(column(0), reshape(places(w, align), [1, 1, w, 1]));
  const down = mul(column(1), reshape(places(h, align), [1, h, 1, 1]));
  return cast(add(across, add(down, column(2))), theta.dtype) as Tensor<D>;
}
