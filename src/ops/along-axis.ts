import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { checkOptions } from "../runtime/errors.js";
import { normalAxis, requireTensors } from "./require.js";
import { transpose } from "./transpose.js";

export interface SoftmaxOptions {
  /** The axis along which classes lie; negative ones count from the back. Default −1, the last. */
  axis?: number | undefined;
}

/** What `apply` does along the last axis, along another one: the two change places before and after. */
export function alongAxis(op: string, x: TensorLike, options: SoftmaxOptions, apply: (x: TensorLike) => Tensor): Tensor {
  requireTensors(op, { x });
  checkOptions(op, options, ["axis"]);
  const last = x.shape.length - 1;
  const { axis = -1 } = options;
  if (axis === -1 || normalAxis(op, x.shape, axis) === last) return apply(x);
  if (!capturing()) return runEagerly(() => alongAxis(op, x, options, apply));
  const at = normalAxis(op, x.shape, axis);
  const swapped = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  return transpose(apply(transpose(x, swapped)), swapped);
}
