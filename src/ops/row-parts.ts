import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { Parameter, type ParameterPart } from "../graph/parameter.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { concat } from "./concat.js";

/** The parts of a weight that is too large for one binding; undefined for every other. Where nothing runs, the whole will do. */
export function rowParts(weight: TensorLike): readonly ParameterPart[] | undefined {
  return weight instanceof Parameter && !capturing()?.shapesOnly ? weight.parts : undefined;
}

/** What an operator gives for the rows of each part, side by side: rows of a weight are channels of the result. */
export function inParts(parts: readonly ParameterPart[], run: (part: ParameterPart) => Tensor): Tensor {
  const joined = (): Tensor => concat(parts.map(run));
  return capturing() ? joined() : runEagerly(joined);
}
