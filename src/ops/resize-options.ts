import type { AxisPlacement } from "../kernels/resample-axis.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { checkRank, type Shape } from "../runtime/shape.js";
import { pair, type Pair, type PairLike } from "./window.js";
import { flag } from "./require.js";

export type ResizeMode = "bilinear" | "nearest" | "nearest-exact" | "bicubic" | "area";

export interface ResizeOptions {
  /** Height and width of the result, in pixels. Either this or `scaleFactor`. */
  size?: PairLike;
  /** The result is floor(scaleFactor · n) pixels: a positive number, or two of them [vertical, horizontal]. */
  scaleFactor?: PairLike;
  /** How pixels are made; see `resize`. Default "bilinear" (PyTorch's is "nearest"). */
  mode?: ResizeMode;
  /**
   * "bilinear" and "bicubic" only. true: the centres of the corner pixels of x and result coincide; false: their outer
   * corners do. Default false.
   */
  alignCorners?: boolean;
  /** "bilinear" and "bicubic" only: smooth while shrinking, so that every pixel of x counts. Default false. */
  antialias?: boolean;
  /**
   * With `scaleFactor`. false: pixels of x are 1 / scaleFactor apart in the result, whatever the rounded size; true: n / o apart, as
   * with that size. "area" and `alignCorners` always go by sizes. Default false.
   */
  recomputeScaleFactor?: boolean;
}

/** Options of `resize`, checked as far as they can be without x. */
export interface ResizePlan {
  readonly mode: ResizeMode;
  readonly size?: Pair;
  readonly scale?: Pair;
  readonly alignCorners: boolean;
  readonly antialias: boolean;
  readonly recompute: boolean;
}

export const resizeOptionNames = ["size", "scaleFactor", "mode", "alignCorners", "antialias", "recomputeScaleFactor"] as const;

const modes: readonly string[] = ["bilinear", "nearest", "nearest-exact", "bicubic", "area"] satisfies ResizeMode[];

/** Both directions of a scale, checked to be positive numbers. */
export function scalePair(op: string, name: string, value: PairLike): Pair {
  const both: unknown = typeof value === "number" ? [value, value] : value;
  if (!Array.isArray(both) || both.length !== 2 || both.some((s) => typeof s !== "number" || !(s > 0) || !Number.isFinite(s)))
    throw new OptionError(`${op}: ${name} must be a positive number, or two of them [vertical, horizontal], but is ${typeof value === "number" ? value : JSON.stringify(value)}.`);
  return [both[0] as number, both[1] as number];
}

/** The options, checked and complete; `op` is named in the errors. */
export function resizePlan(op: string, options: ResizeOptions): ResizePlan {
  checkOptions(op, options, resizeOptionNames);
  const { size, scaleFactor, mode = "bilinear" } = options;
  if (!modes.includes(mode)) throw new OptionError(`${op}: mode must be ${modes.map((m) => `"${m}"`).join(", ").replace(/, (?=[^,]*$)/, " or ")} but is ${JSON.stringify(mode)}.`);
  const alignCorners = flag(op, "alignCorners", options.alignCorners, false);
  const antialias = flag(op, "antialias", options.antialias, false);
  const recompute = flag(op, "recomputeScaleFactor", options.recomputeScaleFactor, false);
  const smooth = mode === "bilinear" || mode === "bicubic";
  for (const [name, set] of Object.entries({ alignCorners, antialias }))
    if (set && !smooth) throw new OptionError(`${op}: ${name} goes with modes "bilinear" and "bicubic" only, not with "${mode}".`);
  if (size === undefined && scaleFactor === undefined) throw new OptionError(`${op}: needs either size or scaleFactor.`);
  if (size !== undefined && scaleFactor !== undefined) throw new OptionError(`${op}: takes either size or scaleFactor, not both.`);
  if (size !== undefined && recompute) throw new OptionError(`${op}: recomputeScaleFactor goes with scaleFactor only, not with size.`);
  return {
    mode, alignCorners, antialias, recompute,
    ...(size !== undefined && { size: pair(op, "size", size, 1) }),
    ...(scaleFactor !== undefined && { scale: scalePair(op, "scaleFactor", scaleFactor) }),
  };
}

/** Positions are computed in 32 bits (shaders/lib/position.wgsl). */
const LARGEST_AXIS = 2 ** 20;

/** The size of the result for an x of this shape. */
export function resizedPlane(op: string, x: Shape, { size, scale }: ResizePlan): Pair {
  checkRank(op, "x", x, "NHWC");
  if (x[1] === 0 || x[2] === 0) throw new ShapeError(op, "x has no pixels", { x: [x, "NHWC"] });
  const plane: Pair = size ?? [Math.floor(x[1]! * scale![0]), Math.floor(x[2]! * scale![1])];
  if (Math.min(...plane) < 1) throw new ShapeError(op, `scaleFactor [${scale!.join(", ")}] leaves no pixels; give a size instead`, { x: [x, "NHWC"] });
  if (Math.max(x[1]!, x[2]!, ...plane) >= LARGEST_AXIS)
    throw new ShapeError(op, `cannot resize to [${plane.join(", ")}]: an axis may have at most ${LARGEST_AXIS - 1} pixels before and after`, { x: [x, "NHWC"] });
  return plane;
}

/** Where the o pixels of an axis fall among the n of x, by PyTorch's rules. */
export function placement(n: number, o: number, { mode, alignCorners, antialias, recompute }: ResizePlan, scale: number | undefined): AxisPlacement {
  const given = scale === undefined || recompute ? n / o : 1 / scale;
  // Where the size stays the same, PyTorch copies, whatever the scale; its "bicubic" and "nearest-exact" do not.
  const copies = n === o && (mode === "bilinear" || mode === "nearest" || antialias);
  if (mode === "nearest") return { step: copies ? 1 : o === 2 * n ? 0.5 : given, start: 0 };
  if (mode === "nearest-exact") return { step: given, start: 0.5 };
  const step = copies ? 1 : alignCorners ? (o > 1 ? (n - 1) / (o - 1) : 0) : given;
  // Antialiasing measures from the outer edge of the first pixel, also with aligned corners.
  if (antialias) return { step, start: step / 2 };
  return { step, start: alignCorners ? 0 : step / 2 - 0.5 };
}
