import type { TensorSpec } from "../op.js";
import type { Graph, Node } from "../node.js";
import { countUses, rewire } from "./rewrite.js";

/** Lets ops that can (`absorbCast`) write their result in the element type that a cast, the only reader, would turn it into. */
export function fuseCasts(graph: Graph): Graph {
  const uses = countUses(graph);
  const nodes = new Map<number, Node>(graph.nodes.map((node) => [node.id, node]));
  for (const cast of graph.nodes) {
    const value = cast.op.name === "cast" ? cast.inputs["x"] : undefined;
    const result = cast.outputs["out"];
    const from = value?.from && nodes.get(value.from.node.id);
    const absorb = from?.op.traits.absorbCast;
    if (!value || !result || result.home || !from || !absorb || uses.get(value) !== 1) continue;
    const options = absorb(result.dtype, from.options as never, from.inputs as Record<string, TensorSpec>);
    if (!options) continue;
    // It stays where it is: its result is only known earlier.
    nodes.set(from.id, rewire(from, { options, outputs: { out: result } }));
    nodes.delete(cast.id);
  }
  return { ...graph, nodes: [...nodes.values()] };
}
