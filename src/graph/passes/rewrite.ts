import type { Graph, Node, Value } from "../node.js";
import { inputsOf } from "../node.js";

/** How often each value is used, graph outputs included. */
export function countUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const add = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) inputsOf(node).forEach(add);
  graph.outputs.forEach(add);
  return uses;
}

/** The graph with values replaced by others wherever they are used. */
export function replaceValues(graph: Graph, nodes: readonly Node[], by: ReadonlyMap<Value, Value>): Graph {
  const final = (value: Value): Value => {
    let found = value;
    for (let next = by.get(found); next; next = by.get(found)) found = next;
    return found;
  };
  const rewired = nodes.map((node): Node => {
    if (!inputsOf(node).some((value) => by.has(value))) return node;
    return rewire(node, { inputs: Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, value && final(value)])) });
  });
  return { ...graph, nodes: rewired, outputs: graph.outputs.map(final) };
}

/** A node with some parts replaced; it keeps its output values, which point to it from now on. */
export function rewire(node: Node, parts: Partial<Pick<Node, "inputs" | "options" | "outputs">>): Node {
  const made: Node = { ...node, ...parts };
  for (const [output, value] of Object.entries(made.outputs)) (value as { from: Value["from"] }).from = { node: made, output };
  return made;
}
