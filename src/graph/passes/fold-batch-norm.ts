import type { Graph, Node, Value } from "../node.js";
import { asTensor } from "../tensor.js";
import type { Tensor } from "../tensor.js";
import { countUses, mayMove, record, replaceValues, rewire } from "./rewrite.js";

/**
 * Folds a batch norm with fixed statistics into the convolution before it: its scale goes into the weight and its
 * shift into the bias. The new weight depends on parameters only, so the plan computes it when they change and not per call.
 * Only where gradients do not need the values in between, that is, where nobody else reads the convolution's output.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const uses = countUses(graph);
  const movable = mayMove(graph);
  let result = graph;
  for (const norm of graph.nodes) {
    const value = norm.inputs["x"];
    const conv = value?.from?.node;
    const { affine } = norm.op.traits;
    const absorb = conv?.op.traits.absorbAffine;
    if (!value || !affine || !absorb || uses.get(value) !== 1 || !parametersOnly(norm, "x") || !parametersOnly(conv, conv.inputs["x"] ? "x" : "grad")) continue;
    if (((conv.options as { activation?: string }).activation ?? "none") !== "none" || !movable(conv, norm)) continue;
    result = fold(result, conv, norm, affine, absorb);
  }
  return result;
}

/** All inputs but `except` are variables that this function does not assign. */
function parametersOnly(node: Node, except: string): boolean {
  const { assigned } = Object.values(node.outputs)[0]!.capture;
  return Object.entries(node.inputs).every(([name, value]) => name === except || !value || (value.source && "variable" in value.source && !assigned.has(value.source.variable)));
}

const tensors = (node: Node): Record<string, Tensor> => Object.fromEntries(Object.entries(node.inputs).flatMap(([name, value]) => (value ? [[name, asTensor(value)]] : [])));

function fold(graph: Graph, conv: Node, norm: Node, affine: NonNullable<Node["op"]["traits"]["affine"]>, absorb: NonNullable<Node["op"]["traits"]["absorbAffine"]>): Graph {
  const { made: inputs, nodes: added } = record(graph.capture, () => absorb(tensors(conv), affine(tensors(norm), norm.options as never), conv.options as never));
  const values = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, t?.value])) as Record<string, Value | undefined>;
  const nodes = graph.nodes.flatMap((node) => {
    if (node.id === conv.id) return [];
    if (node.id === norm.id) return [...added, rewire(conv, { inputs: values, outputs: { out: norm.outputs["out"]! } })];
    return [node];
  });
  return replaceValues(graph, nodes, new Map());
}
