import { mebibytes } from "../runtime/gpu.js";
import { located } from "./lower.js";
import type { Plan } from "./plan.js";

/** `plan.describe()`: one line per dispatch, and the memory against its lower bound. */
export function describePlan(plan: Plan): string {
  const { calls, statics, origin } = plan.lowered;
  const line = (call: (typeof calls)[number]): string => {
    const constants = Object.entries(call.constants).map(([name, value]) => `${name}=${value}`).join(" ");
    const shapes = Object.entries(call.bindings).map(([name, operand]) => `${name}[${operand.shape.join(",")}]${located(operand).slice ? "⊂" : ""}`).join(" ");
    return `  ${call.shader.name}.${call.entry}  ${shapes}  ${call.workgroups.join("×")} groups${constants ? `  ${constants}` : ""}  (${origin.get(call)?.op.name})`;
  };
  const { slabs, lowerBound, derived } = plan.memory;
  const percent = lowerBound ? ` (${((100 * slabs) / lowerBound).toFixed(0)} % of it)` : "";
  return [
    `${plan.label}: ${plan.graph.nodes.length} ops, ${calls.length} dispatches${statics.length ? ` and ${statics.length} that only follow parameter changes` : ""}`,
    ...(statics.length ? ["when parameters have changed:", ...statics.map(line), "every time:"] : []),
    ...calls.map(line),
    `memory: ${mebibytes(slabs)} in ${plan.layout.slabs.length} slabs, liveness lower bound ${mebibytes(lowerBound)}${percent}; ${mebibytes(derived)} derived from parameters`,
  ].join("\n");
}
