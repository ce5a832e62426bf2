import type { Capture } from "../capture.js";
import type { Graph, Node, Value } from "../node.js";
import { inputsOf } from "../node.js";
import type { Variable } from "../variable.js";

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

/** The version of a variable in whose memory `value` stands: itself, or what it shows under another shape. */
export function versionOf(value: Value): Value | undefined {
  let found: Value | undefined = value;
  while (found && !found.home) found = found.from?.node.op.traits.alias ? inputsOf(found.from.node)[0] : undefined;
  return found;
}

/** Tells whether a node may be computed later, at the place of another: unless a variable that it reads is assigned in between. */
export function mayMove(graph: Graph): (node: Node, to: Node) => boolean {
  const position = new Map(graph.nodes.map((node, i) => [node.id, i]));
  const assignments = new Map<Variable, number[]>();
  graph.nodes.forEach((node, i) => {
    for (const { home } of Object.values(node.outputs)) if (home) assignments.set(home, [...(assignments.get(home) ?? []), i]);
  });
  return (node, to) => {
    const [from, end] = [position.get(node.id)!, position.get(to.id)!];
    return inputsOf(node).every((value) => {
      const variable = versionOf(value)?.home;
      return !variable || !assignments.get(variable)?.some((at) => at > from && at < end);
    });
  };
}

/** What `body` makes of a graph's values, and the nodes that it took, which are in no graph yet. */
export function record<T>(capture: Capture, body: () => T): { made: T; nodes: Node[] } {
  const start = capture.nodes.length;
  const made = capture.resume(body);
  return { made, nodes: capture.nodes.splice(start) };
}

/** A node with some parts replaced; it keeps its output values, which point to it from now on. */
export function rewire(node: Node, parts: Partial<Pick<Node, "inputs" | "options" | "outputs" | "blocks">>): Node {
  const made: Node = { ...node, ...parts };
  for (const [output, value] of Object.entries(made.outputs)) (value as { from: Value["from"] }).from = { node: made, output };
  return made;
}
