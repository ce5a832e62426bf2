import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerConcat } from "../kernels/concat.js";
import type { DType } from "../runtime/dtype.js";
import { DTypeError, ShapeError, checkOptions } from "../runtime/errors.js";
import { normalAxis, requireWords } from "./require.js";
import { sliceOp } from "./slice.js";

export interface ConcatOptions {
  /** The axis along which the tensors are joined; negative ones count from the back. Default -1, the channels. */
  axis?: number;
}

interface Params {
  readonly axis: number;
}

function joined(inputs: Record<string, Spec>, { axis }: Params): Spec {
  const [first, ...rest] = Object.values(inputs) as [Spec, ...Spec[]];
  requireWords("concat", "x0", first);
  let size = first.shape[axis]!;
  rest.forEach((x, i) => {
    const name = `x${i + 1}`;
    if (x.dtype !== first.dtype) throw new DTypeError(`concat: all tensors must have one dtype but x0 is ${first.dtype} and ${name} is ${x.dtype}.`);
    if (x.shape.length !== first.shape.length || x.shape.some((n, a) => a !== axis && n !== first.shape[a]))
      throw new ShapeError("concat", `${name} must have the sizes of x0 except along axis ${axis}`, { x0: first.shape, [name]: x.shape });
    size += x.shape[axis]!;
  });
  return { shape: first.shape.with(axis, size), dtype: first.dtype };
}

const concatOp = defineOp({
  name: "concat",
  shape: joined,
  gradient: {
    x: (grad, inputs, { axis }, _out, name) => {
      const index = Number(name.slice(1));
      let start = 0;
      for (let i = 0; i < index; i++) start += inputs[`x${i}`]!.shape[axis]!;
      return sliceOp({ x: grad }, { axis, start, length: inputs[name]!.shape[axis]! });
    },
  },
  lower: lowerConcat,
  traits: { concat: true },
});

/**
 * Joins tensors along one axis, in order.
 *
 * @param xs at least one tensor (f32, f16, i32 or u32, all of one dtype), of one shape except along the axis
 * @returns that shape with the sizes along the axis added up
 * @throws ShapeError when another axis differs, DTypeError when dtypes do
 *
 * @pytorch torch.cat
 * @onnx Concat
 */
export function concat<D extends DType>(xs: readonly TensorLike<D>[], options: ConcatOptions = {}): Tensor<D> {
  checkOptions("concat", options, ["axis"]);
  const first = xs[0];
  if (!first) throw new ShapeError("concat", "there must be at least one tensor");
  const inputs: Record<string, TensorLike<D>> = Object.fromEntries(xs.map((x, i) => [`x${i}`, x]));
  return concatOp(inputs, { axis: normalAxis("concat", first.shape, options.axis ?? -1) }) as Tensor<D>;
}
