import { inputsOf, type Graph, type Node, type Value } from "../node.js";
import { asTensor, type Tensor } from "../tensor.js";
import { mayMove, rewire } from "./rewrite.js";

/** The nodes that depend on a gradient. */
export function backwardNodes(graph: Graph): Set<Node> {
  const found = new Set<Node>();
  const values = new Set<Value>();
  for (const node of graph.nodes) {
    if (!node.backward && !inputsOf(node).some((value) => values.has(value))) continue;
    found.add(node);
    for (const value of Object.values(node.outputs)) values.add(value);
  }
  return found;
}

/** Whether a node gives the same when it runs twice, and changes nothing. */
export const repeatable = (node: Node): boolean => !node.op.traits.effect && Object.values(node.outputs).every(({ home }) => !home);

/** The outputs of a node that can be computed again: those beside which `again` needs are small and stay. */
export const repeatedOutputs = ({ op, outputs }: Node): Value[] => (op.traits.again ? [outputs["out"]!] : Object.values(outputs));

/**
 * Computes values a second time, as late as possible, for those readers that depend on a gradient: the first copy can go when the forward
 * pass has read it. Ops, options and order of arithmetic are the same, so the numbers are, bit for bit.
 *
 * @param values what to compute again; copies of their nodes read copies too, where inputs are among these
 * @param reach how many nodes a copy is kept for after its last reader; a later reader has another one
 * @returns the graph, in which originals that nobody reads any more may be left
 */
export function recomputeNodes(graph: Graph, values: ReadonlySet<Value>, reach = Infinity): Graph {
  const backward = backwardNodes(graph);
  const movable = mayMove(graph);
  const copies = new Map<Value, { copy: Value; last: number }>();
  const nodes: Node[] = [];

  /** What `reader` reads in the place of a value. */
  const late = (value: Value, reader: Node): Value => {
    const node = value.from?.node;
    if (!node || !values.has(value) || !movable(node, reader)) return value;
    let found = copies.get(value);
    if (!found || nodes.length - found.last > reach) {
      const inputs = mapInputs(node, (input) => late(input, reader));
      const made = copyOf(graph, node, inputs);
      nodes.push(...made.nodes);
      for (const [name, copy] of Object.entries(made.outputs)) copies.set(node.outputs[name]!, { copy, last: nodes.length });
      found = copies.get(value)!;
    }
    found.last = nodes.length;
    return found.copy;
  };

  for (const node of graph.nodes) {
    const inputs = backward.has(node) ? mapInputs(node, (value) => late(value, node)) : node.inputs;
    nodes.push(inputsOf(node).every((value, i) => value === Object.values(inputs).filter((v) => v !== undefined)[i]) ? node : rewire(node, { inputs }));
  }
  return { ...graph, nodes };
}

const mapInputs = ({ inputs }: Node, change: (value: Value) => Value): Node["inputs"] => Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, value && change(value)]));

/** A node that computes the same from other inputs, and its outputs by name. */
function copyOf({ capture }: Graph, node: Node, inputs: Node["inputs"]): { nodes: Node[]; outputs: Record<string, Value> } {
  const start = capture.nodes.length;
  const outputs = capture.inBlocks(node.blocks.slice(1), () => {
    const { again } = node.op.traits;
    if (!again) return capture.record(node.op, inputs, node.options, node.outputs, node.single).outputs;
    const tensors = (values: Node["inputs"]): Record<string, Tensor> => Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, asTensor(value)]] : [])));
    return { out: capture.resume(() => again(tensors(inputs), tensors(node.outputs), node.options as never)).value! };
  });
  return { nodes: capture.nodes.splice(start), outputs };
}
