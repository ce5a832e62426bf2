import { sameShape } from "../../runtime/shape.js";
import type { Graph, Node, Value } from "../node.js";
import { rewire } from "./rewrite.js";

/** The pointwise gradients by the activation that a normalisation has taken in. */
const gradients: Readonly<Record<string, string>> = { relu: "reluGradient", relu6: "relu6Gradient" };

/**
 * Has the gradients of a normalisation find out for themselves where the activation that it took in is flat (`flattensGradient`), so that
 * no gradient with zeros there is stored between the two. All readers or none.
 */
export function flattenGradients(graph: Graph): Graph {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) for (const value of Object.values(node.inputs)) if (value) readers.set(value, [...(readers.get(value) ?? []), node]);
  const replaced = new Map<number, Node | undefined>();
  for (const node of graph.nodes) {
    const out = node.outputs["out"];
    const { x0: given, x1: grad } = node.inputs;
    const norm = given?.from?.node;
    const activation = (norm?.options as { activation?: string } | undefined)?.activation;
    if (!norm || !out || out.home || !grad || !activation || !node.op.traits.pointwise || graph.outputs.includes(out)) continue;
    const { program } = node.options as { program: (string | number)[][] };
    if (program.length !== 1 || program[0]!.join() !== `${gradients[activation]},0,1` || !sameShape(grad.shape, out.shape)) continue;
    const taking = readers.get(out) ?? [];
    if (taking.length === 0 || !taking.every((reader) => takes(reader, norm, out, activation))) continue;
    replaced.set(node.id, undefined);
    for (const reader of taking) replaced.set(reader.id, rewire(reader, { inputs: { ...reader.inputs, grad }, options: { ...reader.options, activation } }));
  }
  return { ...graph, nodes: graph.nodes.flatMap((node) => (replaced.has(node.id) ? (replaced.get(node.id) ?? []) : [node])) };
}

/** Whether a node is a gradient of this normalisation's output and can do it. */
function takes({ op, inputs }: Node, norm: Node, grad: Value, activation: string): boolean {
  return (op.traits.flattensGradient?.includes(activation) ?? false)
    && Object.entries(inputs).every(([name, value]) => (value === grad) === (name === "grad"))
    && ["x", "gamma", "beta"].every((name) => inputs[name] !== undefined && inputs[name] === norm.inputs[name])
    && ["mean", "variance"].every((name) => inputs[name] === norm.outputs[name]);
}
