import type { Graph, Node, Value } from "../node.js";
import { plainKey } from "../tree.js";
import { replaceValues } from "./rewrite.js";

const keyOf = (name: string, node: Node): string => plainKey([name, node.options, Object.entries(node.inputs).map(([input, value]) => [input, value?.id ?? ""])]);

/**
 * Drops a node where another one computes its outputs too (`within`): max pooling, where the gradient wants to know as well which value
 * of each window won. The other one takes the place of whichever comes first.
 */
export function eliminateWithin(graph: Graph): Graph {
  const nodes = new Map<string, Node>();
  for (const node of graph.nodes) if (!nodes.has(keyOf(node.op.name, node))) nodes.set(keyOf(node.op.name, node), node);
  const by = new Map<Value, Value>();
  const served = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const larger = node.op.traits.within === undefined ? undefined : nodes.get(keyOf(node.op.traits.within, node));
    if (!larger || [node, larger].some(({ outputs }) => Object.values(outputs).some(({ home }) => home))) continue;
    served.set(node, larger);
    for (const [name, value] of Object.entries(node.outputs)) by.set(value, larger.outputs[name]!);
  }
  if (served.size === 0) return graph;
  const placed = new Set<Node>();
  const kept = graph.nodes.flatMap((node) => {
    const here = served.get(node) ?? node;
    if (placed.has(here)) return [];
    placed.add(here);
    return [here];
  });
  return replaceValues(graph, kept, by);
}
