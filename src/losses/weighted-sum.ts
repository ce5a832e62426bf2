import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor } from "../graph/tensor.js";
import { add, mul } from "../ops/pointwise.js";
import { OptionError } from "../runtime/errors.js";

/**
 * A loss made of several: Σ weight · loss.
 *
 *     weightedSum([[1, crossEntropy(logits, labels)], [0.5, diceLoss(logits, labels)]])
 *
 * @throws OptionError without terms, or for a weight that is not finite
 * @pytorch none: sums of losses
 */
export function weightedSum(terms: readonly (readonly [weight: number, loss: Tensor<"f32">])[]): Tensor<"f32"> {
  if (terms.length === 0) throw new OptionError("weightedSum: there must be at least one loss.");
  for (const [weight] of terms) if (!Number.isFinite(weight)) throw new OptionError(`weightedSum: weights must be finite but one is ${weight}.`);
  if (!capturing()) return runEagerly(() => weightedSum(terms));
  return terms.map(([weight, loss]) => (weight === 1 ? loss : mul(loss, weight))).reduce((a, b) => add(a, b));
}
