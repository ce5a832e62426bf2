import type { Tensor } from "../graph/tensor.js";
import { sigmoid } from "../ops/pointwise.js";
import { slice } from "../ops/slice.js";
import { softmax } from "../ops/softmax.js";
import { OptionError } from "../runtime/errors.js";
import { checkChoice } from "./targets.js";

/** How logits become probabilities. */
export type LossActivation = "softmax" | "sigmoid" | "none";

/** The activation that holds for so many classes: a softmax unless there is a single logit. Throws for one that means nothing. */
export function chosenActivation(op: string, classes: number, given: LossActivation | undefined): LossActivation {
  const activation = given ?? (classes === 1 ? "sigmoid" : "softmax");
  checkChoice(op, "activation", activation, ["softmax", "sigmoid", "none"]);
  if (activation === "softmax" && classes === 1) throw new OptionError(`${op}: a softmax over a single logit is always 1. Use activation "sigmoid".`);
  return activation;
}

/** Probabilities [..., classes] as the option `activation` of a loss says. */
export function probabilities(op: string, x: Tensor<"f32">, given: LossActivation | undefined): Tensor<"f32"> {
  const activation = chosenActivation(op, x.shape.at(-1)!, given);
  return activation === "none" ? x : activation === "sigmoid" ? sigmoid(x) : softmax(x);
}

/** Drops class 0 [..., classes], unless it has a part or is the only one. */
export function foregroundOf(x: Tensor<"f32">, includeBackground: boolean): Tensor<"f32"> {
  const classes = x.shape.at(-1)!;
  return includeBackground || classes === 1 ? x : slice(x, { start: 1, length: classes - 1 });
}
