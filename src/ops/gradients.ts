import { backward } from "../graph/gradient.js";
import { capturing } from "../graph/current.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { CaptureError } from "../runtime/errors.js";
import { add, full } from "./pointwise.js";

/**
 * Gradients of ⟨y, seed⟩ with respect to each of `wrt`, as tensors of the function being captured. What y does not
 * depend on gets zeros. Each has the dtype of its tensor (f32 or f16), the seed that of y. Second derivatives are gradients of gradients, where every op on the way has a rule.
 *
 * @throws CaptureError outside `compile`, GradientError when an op has no gradient
 */
export function gradients(y: Tensor, wrt: readonly TensorLike[], seed: Tensor): Tensor[] {
  const capture = capturing();
  if (!capture) throw new CaptureError("gradients: call it inside compile(), or use valueAndGrad.");
  const values = wrt.map((t) => capture.read(t, "gradients"));
  const found = backward([capture.read(y, "gradients")], [seed], values, add);
  return found.map((grad, i) => grad ?? full(wrt[i]!.shape, 0, wrt[i]!.dtype === "f16" ? "f16" : "f32"));
}
