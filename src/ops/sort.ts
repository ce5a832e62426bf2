import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerArgsort, type ArgsortParams } from "../kernels/sort.js";
import type { DType } from "../runtime/dtype.js";
import { checkOptions } from "../runtime/errors.js";
import { gatherUniqueOp } from "./gather.js";
import { flag, normalAxis, requireTensors, requireWords } from "./require.js";

export interface SortOptions {
  /** The axis along which elements are sorted; negative ones count from the back. Default -1. */
  axis?: number;
  /** The largest first. Default false. */
  descending?: boolean;
}

/** Values in order, and where in the axis each of them stood. */
export interface Sorted<D extends DType> {
  values: Tensor<D>;
  indices: Tensor<"u32">;
}

const argsortOp = defineOp({
  name: "argsort",
  shape: ({ x }: { x: Spec }, { axis, count }: ArgsortParams): Spec => {
    requireWords("argsort", "x", x);
    return { shape: x.shape.with(axis, count), dtype: "u32" };
  },
  gradient: { x: null },
  lower: lowerArgsort,
});

/** The first `count` of each row's elements in order, for ops that have checked their options. */
export function firstInOrder<D extends DType>(x: TensorLike<D>, o: ArgsortParams): Sorted<D> {
  if (!capturing()) return runEagerly(() => firstInOrder(x, o));
  const indices = argsortOp({ x }, o) as Tensor<"u32">;
  return { values: gatherUniqueOp({ x, indices }, { axis: o.axis }) as Tensor<D>, indices };
}

function normalise(op: string, x: TensorLike, options: SortOptions): ArgsortParams {
  checkOptions(op, options, ["axis", "descending"]);
  requireTensors(op, { x });
  requireWords(op, "x", x);
  const axis = normalAxis(op, x.shape, options.axis ?? -1);
  return { axis, descending: flag(op, "descending", options.descending, false), count: x.shape[axis]! };
}

/**
 * Elements in order along an axis. The sort is stable: equal elements keep their order, also when descending. NaN counts as
 * larger than everything and −0 as equal to 0, as in PyTorch. The gradient sends that of each value to where it stood.
 *
 * @param x f32, f16, i32 or u32, at least one axis of any length
 * @returns `values` and `indices` (u32: positions along the axis), both of the shape of x
 * @throws ShapeError for an axis that does not exist, DTypeError for u8 (cast first), OptionError
 *
 * @pytorch torch.sort with stable=True
 * @onnx TopK with k = the size of the axis
 */
export function sort<D extends DType>(x: TensorLike<D>, options: SortOptions = {}): Sorted<D> {
  return firstInOrder(x, normalise("sort", x, options));
}

/**
 * The positions that sort x along an axis: `sort` without the values. No gradient.
 *
 * @param x f32, f16, i32 or u32, at least one axis of any length
 * @returns u32, the shape of x
 * @throws ShapeError for an axis that does not exist, DTypeError for u8 (cast first)
 *
 * @pytorch torch.argsort with stable=True
 * @onnx TopK with k = the size of the axis
 */
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor<"u32"> {
  return argsortOp({ x }, normalise("argsort", x, options)) as Tensor<"u32">;
}
