import { capturing, guarded } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { backward } from "../graph/gradient.js";
import { Tensor } from "../graph/tensor.js";
import { add, full } from "./pointwise.js";
import { DTypeError, GradientError, ShapeError } from "../runtime/errors.js";
import type { Parameter } from "../graph/parameter.js";

/** A model, or anything else that has parameters. */
interface Trainable {
  parameters(): Parameter[];
}

/** The gradient of each trainable parameter; where one lies in parts (`Parameter.parts`), that of each part. */
export type Gradients = Map<Parameter, Tensor>;

export interface ValueAndGrad<A> {
  /** The loss: one element. */
  value: Tensor<"f32">;
  grads: Gradients;
  /** What the function returned beside the loss. */
  aux: A;
}

/**
 * Runs `loss` and works out its gradients with respect to the trainable parameters of `model`. Inside `compile` both
 * become part of the plan; called eagerly, the closure is captured whole.
 *
 * @param loss returns a tensor with one element, or `[loss, aux]`
 * @throws ShapeError when the loss has more than one element, GradientError when an op has no gradient
 */
export function valueAndGrad<A = undefined>(model: Trainable | readonly Parameter[], loss: () => Tensor | [Tensor, A]): ValueAndGrad<A> {
  const capture = capturing();
  if (!capture) return runEagerly(() => valueAndGrad(model, loss));
  const parameters = (Array.isArray(model) ? (model as readonly Parameter[]) : (model as Trainable).parameters()).filter((p) => guarded(() => p.trainable)).flatMap((p) => (capture.shapesOnly ? [p] : p.pieces));
  if (parameters.length === 0) throw new GradientError("valueAndGrad: there is no trainable parameter.");
  // Read before the loss is built, so that gradients are taken at the values it was computed from.
  const values = parameters.map((p) => capture.readVariable(p, "valueAndGrad"));
  const returned = loss();
  const [value, aux] = returned instanceof Tensor ? [returned, undefined as A] : returned;
  if (value.size !== 1) throw new ShapeError("valueAndGrad", "the loss must have one element; take its sum or mean", { loss: value.shape });
  if (value.dtype !== "f32") throw new DTypeError(`valueAndGrad: the loss must be f32 but is ${value.dtype}. Convert with cast(loss, "f32").`);
  const one = full(value.shape, 1);
  const grads = backward([capture.read(value, "valueAndGrad")], [one], values, add);
  return { value: value as Tensor<"f32">, aux, grads: new Map(parameters.map((p, i) => [p, grads[i] ?? full(p.shape, 0)])) };
}
