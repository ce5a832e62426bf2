import type { TensorSpec } from "../op.js";
import { inputsOf, type Graph, type Node, type Value } from "../node.js";
import { mayMove, rewire } from "./rewrite.js";

/**
 * Lets ops that only look for the largest element along the last axis (`readsLargest`) look past those that keep the order
 * (`keepsOrder`): the largest probability is where the largest logit is. Numbers that softmax rounds to the same probability are told
 * apart then, and a NaN is found where it stands. Softmax that nobody else reads is dropped as dead.
 */
export function skipOrdered(graph: Graph): Graph {
  const movable = mayMove(graph);
  const nodes = graph.nodes.map((node): Node => {
    if (!node.op.traits.readsLargest?.(node.options as never, node.inputs as Record<string, TensorSpec>)) return node;
    const [name, first] = Object.entries(node.inputs)[0] as [string, Value];
    let value = first;
    for (let from = value.from?.node; from?.op.traits.keepsOrder && movable(from, node); from = value.from?.node) value = inputsOf(from)[0]!;
    return value === first ? node : rewire(node, { inputs: { [name]: value } });
  });
  return { ...graph, nodes };
}
