import { mebibytes } from "../runtime/gpu.js";
import { located } from "./lower.js";
import type { Node } from "./node.js";
import type { Plan } from "./plan.js";

/** What a node does, fused parts included: "conv2d + bias + relu", "mul + add + exp". */
export function nodeLabel({ op, inputs, options }: Node): string {
  const { program, activation = "none" } = options as { program?: [name: string][]; activation?: string };
  if (op.traits.pointwise && program) return program.map(([name]) => name).filter((name) => name !== "const").join(" + ") || op.name;
  const { bias, residual } = op.traits.epilogue ?? {};
  const added = [bias, residual].filter((name) => name !== undefined && inputs[name]);
  return [op.name, ...added, ...(op.traits.epilogue && activation !== "none" ? [activation] : [])].join(" + ");
}

/** `plan.describe()`: one line per dispatch, and the memory against its lower bound. "⊂" marks results that stand in a concatenation. */
export function describePlan(plan: Plan): string {
  const { calls, statics, origin } = plan.lowered;
  const line = (call: (typeof calls)[number]): string => {
    const node = origin.get(call);
    const shapes = Object.entries(call.bindings).map(([name, operand]) => `${name}[${operand.shape.join(",")}]${operand.dtype === "f16" ? ":f16" : ""}${located(operand).inPlace ? "⊂" : ""}`).join(" ");
    const constants = Object.entries(call.constants).map(([name, value]) => `${name}=${value}`).join(" ");
    return ["", `${call.shader.name}.${call.entry}`, shapes, `${call.workgroups.join("×")} groups`, ...(constants ? [constants] : []), ...(node ? [`(${nodeLabel(node)})`] : [])].join("  ");
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
