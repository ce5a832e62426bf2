import { sameShape } from "../../runtime/shape.js";
import type { Graph, Node, Value } from "../node.js";
import { countUses, mayMove, rewire } from "./rewrite.js";

interface Chain {
  program: (string | number)[][];
}

/** The name of a pointwise node's operation, when it is one operation on tensors only. */
function operation(node: Node): string | undefined {
  if (!node.op.traits.pointwise) return undefined;
  const { program } = node.options as Chain;
  return program.length === 1 ? (program[0]![0] as string) : undefined;
}

/** What a producer becomes when it does the work of the node after it. */
interface Fused {
  readonly producer: Node;
  readonly inputs: Node["inputs"];
  readonly options: object;
}

/**
 * Gives convolutions and batch norms (ops with the trait `epilogue`) what follows them and reads nothing else of their result: the
 * addition of a bias, the addition of a residual of the same shape, then an activation.
 */
export function fuseEpilogues(graph: Graph): Graph {
  const uses = countUses(graph);
  const movable = mayMove(graph);
  const nodes = new Map<number, Node>();
  for (const node of graph.nodes) {
    const fused = tryFuse(node, uses, movable);
    if (!fused) {
      nodes.set(node.id, node);
      continue;
    }
    // The producer computes the value of the node it swallowed. With an operand more it moves to where that is known.
    const { producer, inputs, options } = fused;
    if (inputs !== producer.inputs) nodes.delete(producer.id);
    nodes.set(producer.id, rewire(producer, { inputs, options, outputs: { ...producer.outputs, out: node.outputs["out"]! } }));
  }
  return { ...graph, nodes: [...nodes.values()] };
}

function tryFuse(node: Node, uses: ReadonlyMap<Value, number>, movable: (node: Node, to: Node) => boolean): Fused | undefined {
  const name = operation(node);
  const result = node.outputs["out"]!;
  if (!name || result.home) return undefined;
  const operands = Object.values(node.inputs) as Value[];
  for (const value of operands) {
    const producer = value.from?.node;
    const epilogue = producer?.op.traits.epilogue;
    if (!producer || !epilogue || value.from!.output !== "out" || uses.get(value) !== 1 || !movable(producer, node)) continue;
    const options = producer.options as { activation?: string };
    if ((options.activation ?? "none") !== "none" || !sameShape(value.shape, result.shape)) continue;
    if (epilogue.activations.includes(name)) return { producer, inputs: producer.inputs, options: { ...options, activation: name } };
    const other = operands.find((v) => v !== value);
    if (name !== "add" || !other) continue;
    const { bias, residual } = epilogue;
    if (bias && !producer.inputs[bias] && other.shape.length === 1 && other.shape[0] === value.shape.at(-1)) return { producer, inputs: { ...producer.inputs, [bias]: other }, options };
    if (residual && !producer.inputs[residual] && sameShape(other.shape, value.shape)) return { producer, inputs: { ...producer.inputs, [residual]: other }, options };
  }
  return undefined;
}
