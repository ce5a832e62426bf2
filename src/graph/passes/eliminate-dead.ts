import { inputsOf, type Graph, type Value } from "../node.js";

/** Removes nodes whose results nobody reads. Assignments of variables, and ops with an effect of their own, stay. */
export function eliminateDead(graph: Graph): Graph {
  const needed = new Set<Value>(graph.outputs);
  const nodes = graph.nodes
    .slice()
    .reverse()
    .filter((node) => {
      const outputs = Object.values(node.outputs);
      const kept = node.op.traits.effect || outputs.some((value) => value.home !== undefined || needed.has(value));
      if (kept) inputsOf(node).forEach((value) => needed.add(value));
      return kept;
    })
    .reverse();
  return { ...graph, nodes };
}
