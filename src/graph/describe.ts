import { gemmFigures } from "../kernels/gemm-figures.js";
import { mebibytes } from "../runtime/gpu.js";
import type { KernelCall } from "../runtime/kernel.js";
import { pipelineKeys } from "../runtime/pipelines.js";
import { countLevels } from "./levels.js";
import type { Node } from "./node.js";
import type { Plan } from "./plan.js";
import { located } from "./uses.js";

/** What a node does, fused parts included: "conv2d + bias + relu", "mul + add + exp". */
export function nodeLabel({ op, inputs, options }: Node): string {
  const { program, activation = "none" } = options as { program?: [name: string][]; activation?: string };
  if (op.traits.pointwise && program) return program.map(([name]) => name).filter((name) => name !== "const").join(" + ") || op.name;
  const { bias, residual } = op.traits.epilogue ?? {};
  const added = [bias, residual].filter((name) => name !== undefined && inputs[name]);
  return [op.name, ...added, ...(op.traits.epilogue && activation !== "none" ? [activation] : [])].join(" + ");
}

/** One line of `plan.describe()`: kernel, operands, grid and constants, what a tiled kernel needs, and the op that it belongs to. */
export function describeCall(call: KernelCall, node?: Node): string {
  const shapes = Object.entries(call.bindings).map(([name, operand]) => `${name}[${operand.shape.join(",")}]${operand.dtype === "f16" ? ":f16" : ""}${located(operand).inPlace ? "⊂" : ""}`).join(" ");
  const constants = Object.entries(call.constants).map(([name, value]) => `${name}=${value}`).join(" ");
  return ["", `${call.shader.name}.${call.entry}`, shapes, `${call.workgroups.join("×")} groups`, constants, tileFigures(call), node ? `(${nodeLabel(node)})` : ""].filter((part, i) => i === 0 || part).join("  ");
}

/** What can be counted of a tiled kernel without running it. */
function tileFigures(call: KernelCall): string {
  const figures = gemmFigures(call);
  if (!figures) return "";
  const { workgroupBytes, accumulatorsPerThread, operandsPerThread, fmaPerSharedFloat, barriers, globalBytes } = figures;
  return `[${workgroupBytes} bytes per workgroup; per thread ${accumulatorsPerThread} accumulators, ${operandsPerThread} operands, ${fmaPerSharedFloat.toFixed(1)} multiply-adds per f32 of workgroup memory; ${barriers} barriers; ${mebibytes(globalBytes)} of traffic]`;
}

/**
 * `plan.describe()`: one line per dispatch, how many levels of independent dispatches and pipelines there are, and the memory
 * against its lower bound. "⊂" marks results that stand in a concatenation.
 */
export function describePlan(plan: Plan): string {
  const { calls, statics, origin } = plan.lowered;
  const line = (call: KernelCall): string => describeCall(call, origin.get(call));
  const { slabs, lowerBound, derived } = plan.memory;
  const percent = lowerBound ? ` (${((100 * slabs) / lowerBound).toFixed(0)} % of it)` : "";
  return [
    `${plan.label}: ${plan.graph.nodes.length} ops, ${calls.length} dispatches${statics.length ? ` and ${statics.length} that only follow parameter changes` : ""}`,
    ...(statics.length ? ["when parameters have changed:", ...statics.map(line), "every time:"] : []),
    ...calls.map(line),
    `levels: ${countLevels(calls)} runs of dispatches that do not depend on each other; pipelines: ${pipelineKeys(plan.program.calls).size}`,
    `memory: ${mebibytes(slabs)} in ${plan.layout.slabs.length} slabs, liveness lower bound ${mebibytes(lowerBound)}${percent}; ${mebibytes(derived)} derived from parameters`,
  ].join("\n");
}
