import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import {
  lowerGridSample, lowerGridSampleGridGradient, lowerGridSampleTaps, tapsOf, type GridSampleParams, type GridSampleTapsParams,
} from "../kernels/grid-sample.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, sizeOf } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { sumByIndex } from "./index-add.js";
import { flag, requireFloat } from "./require.js";
import { reshape } from "./reshape.js";

export interface GridSampleOptions {
  /** "bilinear" weighs the four neighbours of a position, "nearest" copies the nearest pixel (ties to even). Default "bilinear". */
  mode?: "bilinear" | "nearest";
  /** Beyond the edge of x are zeros, the pixels at the edge ("border"), or the mirrored image. Default "zeros". */
  paddingMode?: "zeros" | "border" | "reflection";
  /** −1 and 1 are the centres of the first and last pixel (true) or their outer edges (false). Default false. */
  alignCorners?: boolean;
}

/** Positions are 32-bit integers, 2048 to a pixel (shaders/grid-sample.wgsl). */
const LARGEST_AXIS = 2 ** 19;

const gridSampleOp = defineOp({
  name: "gridSample",
  shape: ({ x, grid }: { x: Spec; grid: Spec }, _o: GridSampleParams): Spec => {
    requireFloat("gridSample", "x", x);
    requireFloat("gridSample", "grid", grid);
    checkRank("gridSample", "x", x.shape, "NHWC");
    const named = { x: [x.shape, "NHWC"], grid: grid.shape } as const;
    if (grid.shape.length !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== x.shape[0])
      throw new ShapeError("gridSample", `grid must be [${x.shape[0]}, height, width, 2]: as many images as x, with x and y in the last axis`, named);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (h === 0 || w === 0) throw new ShapeError("gridSample", "x has no pixels", named);
    if (Math.max(h, w) >= LARGEST_AXIS) throw new ShapeError("gridSample", `height and width of x may be at most ${LARGEST_AXIS - 1}`, named);
    return { shape: [n, grid.shape[1]!, grid.shape[2]!, c], dtype: x.dtype };
  },
  gradient: {
    x: (grad, { x, grid }, o) => {
      const [n, h, w] = x.shape as [number, number, number, number];
      const { indices, rows } = gridSampleTapsOp({ grid, grad: cast(grad, "f32") }, { ...o, size: [h, w] });
      return cast(reshape(sumByIndex(indices as Tensor<"u32">, rows, n * h * w), x.shape), x.dtype) as Tensor;
    },
    grid: (grad, { x, grid }, o) => (o.mode === "nearest" ? undefined : gridSampleGridGradientOp({ x, grid, grad }, o)),
  },
  lower: lowerGridSample,
});

const gridSampleGridGradientOp = defineOp({
  name: "gridSampleGridGradient",
  shape: ({ grid }: { x: Spec; grid: Spec; grad: Spec }, _o: GridSampleParams) => ({ shape: grid.shape, dtype: grid.dtype }),
  lower: lowerGridSampleGridGradient,
});

/** What goes to the pixels of x: one row per pixel that an output pixel reads, and that pixel's number. */
const gridSampleTapsOp = defineOp({
  name: "gridSampleTaps",
  shape: ({ grid, grad }: { grid: Spec; grad: Spec }, o: GridSampleTapsParams) => {
    const count = (sizeOf(grid.shape) / 2) * tapsOf(o);
    return { indices: { shape: [count], dtype: "u32" as const }, rows: { shape: [count, grad.shape[3]!], dtype: "f32" as const } };
  },
  lower: lowerGridSampleTaps,
});

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw new OptionError(`gridSample: ${name} must be ${allowed.map((a) => `"${a}"`).join(", ").replace(/, (?=[^,]*$)/, " or ")} but is ${JSON.stringify(value)}.`);
  return value;
}

/**
 * Reads images at positions of your own: spatial transformers (Jaderberg et al. 2015), warps, deformable sampling. Gradients go to
 * x and to the grid; that of x adds up, in a fixed order, what all positions near a pixel send there.
 *
 *   out[n, y, x, c] = image n at column g_x, row g_y, where (g_x, g_y) = grid[n, y, x]
 *
 * With size the width (for x) or height (for y), g stands for pixel ((g + 1) size − 1) / 2, or (g + 1) (size − 1) / 2 with alignCorners.
 * "border" moves positions outside to the edge pixel's centre (where the gradient of the grid is 0); "reflection" mirrors them at
 * the outer edge of the image (with alignCorners at the centres of its edge pixels) as often as needed. The gradient of the grid
 * is 0 for "nearest".
 *
 * A position that is not finite gives NaN with "bilinear" and "zeros" and 0 with "nearest" and "zeros"; otherwise it counts as
 * pixel 0 (infinite ones as the nearer edge with "border"). That is what PyTorch does on a CPU.
 *
 * @param x [N, H, W, C], f32 or f16; sides below 2^19
 * @param grid [N, height, width, 2], f32 or f16 (whose 11 bits are few for positions), x before y
 * @returns [N, height, width, C], the dtype of x
 * @throws ShapeError when the grid has another number of images or not 2 in its last axis, or x has no pixels
 * @pytorch torch.nn.functional.grid_sample (without mode "bicubic")
 * @onnx GridSample
 */
export function gridSample<D extends FloatDType = "f32">(x: TensorLike<D>, grid: TensorLike<FloatDType>, options: GridSampleOptions = {}): Tensor<D> {
  checkOptions("gridSample", options, ["mode", "paddingMode", "alignCorners"]);
  return gridSampleOp({ x, grid }, {
    mode: oneOf("mode", options.mode ?? "bilinear", ["bilinear", "nearest"]),
    paddingMode: oneOf("paddingMode", options.paddingMode ?? "zeros", ["zeros", "border", "reflection"]),
    alignCorners: flag("gridSample", "alignCorners", options.alignCorners, false),
  }) as Tensor<D>;
}
