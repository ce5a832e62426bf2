import { sameShape } from "../../runtime/shape.js";
import type { Graph, Node, Value } from "../node.js";
import { countUses, rewire } from "./rewrite.js";

interface Chain {
  program: (string | number)[][];
}

/** The name of a pointwise node's operation, when it is one operation on tensors only. */
function operation(node: Node): string | undefined {
  if (!node.op.traits.pointwise) return undefined;
  const { program } = node.options as Chain;
  return program.length === 1 ? (program[0]![0] as string) : undefined;
}

/**
 * Gives convolutions (ops with the trait `epilogue`) what follows them and reads nothing else of them: the addition
 * of a residual of the same shape, then an activation.
 */
export function fuseEpilogues(graph: Graph): Graph {
  const uses = countUses(graph);
  const nodes: Node[] = [];
  const position = new Map<Node, number>();
  const place = (node: Node): void => {
    position.set(node, nodes.push(node) - 1);
  };
  for (const node of graph.nodes) {
    const fused = tryFuse(node, uses, position);
    if (!fused) {
      place(node);
      continue;
    }
    // The convolution moves to where its last operand is known, and computes the value of the node it swallowed.
    nodes.splice(position.get(fused.producer)!, 1, undefined as never);
    place(rewire(fused.producer, { inputs: fused.inputs, options: fused.options, outputs: { ...fused.producer.outputs, out: node.outputs["out"]! } }));
  }
  return { ...graph, nodes: nodes.filter((node) => node !== undefined) };
}

function tryFuse(node: Node, uses: ReadonlyMap<Value, number>, position: ReadonlyMap<Node, number>): { producer: Node; inputs: Node["inputs"]; options: object } | undefined {
  const name = operation(node);
  if (!name) return undefined;
  const candidates = Object.values(node.inputs) as Value[];
  for (const value of candidates) {
    const producer = value.from?.node;
    const epilogue = producer?.op.traits.epilogue;
    if (!producer || !epilogue || value.from!.output !== "out" || uses.get(value) !== 1 || !position.has(producer)) continue;
    const options = producer.options as { activation?: string };
    const idle = (options.activation ?? "none") === "none";
    if (!idle || !sameShape(value.shape, node.outputs["out"]!.shape)) continue;
    if (epilogue.activations.includes(name)) return { producer, inputs: producer.inputs, options: { ...options, activation: name } };
    const other = candidates.find((v) => v !== value);
    if (name === "add" && epilogue.residual && other && candidates.length === 2 && !producer.inputs[epilogue.residual] && sameShape(other.shape, value.shape))
      return { producer, inputs: { ...producer.inputs, [epilogue.residual]: other }, options };
  }
  return undefined;
}
