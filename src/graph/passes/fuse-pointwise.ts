import { sameShape } from "../../runtime/shape.js";
import type { Graph, Node, Value } from "../node.js";
import { countUses, mayMove, rewire } from "./rewrite.js";

interface Options {
  program: (readonly [string, ...number[]])[];
  constants: number[];
}

/** Inputs of one dispatch: eight storage buffers, one of which is the output. */
const MAX_INPUTS = 7;
const MAX_STEPS = 32;

/** Joins chains of pointwise ops of one dtype into one: a value that only one pointwise op reads is computed inside it (f16 in f32). */
export function fusePointwise(graph: Graph): Graph {
  const uses = countUses(graph);
  const movable = mayMove(graph);
  const fused = new Map<Node, Node>();
  const swallowed = new Set<Node>();
  const nodes = graph.nodes.map((node) => {
    if (!node.op.traits.pointwise) return node;
    let merged = node;
    for (let again = true; again; ) {
      again = false;
      for (const [name, value] of Object.entries(merged.inputs)) {
        const original = value?.from?.node;
        const producer = original && (fused.get(original) ?? original);
        if (!value || !producer?.op.traits.pointwise || uses.get(value) !== 1 || value.home || !sameShape(value.shape, node.outputs["out"]!.shape) || value.dtype !== node.outputs["out"]!.dtype) continue;
        const joined = movable(producer, node) ? join(producer, merged, name) : undefined;
        if (!joined) continue;
        merged = joined;
        swallowed.add(original!).add(producer);
        again = true;
        break;
      }
    }
    if (merged !== node) fused.set(node, (merged = rewire(merged, {})));
    return merged;
  });
  return { ...graph, nodes: nodes.filter((node) => !swallowed.has(node)) };
}

/** `consumer` with the program of `producer` in place of its input `name`; undefined if that needs too many inputs. */
function join(producer: Node, consumer: Node, name: string): Node | undefined {
  const [inner, outer] = [producer.options as Options, consumer.options as Options];
  const innerInputs = Object.values(producer.inputs) as Value[];
  const outerInputs = Object.entries(consumer.inputs) as [string, Value][];
  const inputs = [...new Set([...innerInputs, ...outerInputs.filter(([n]) => n !== name).map(([, v]) => v)])];
  if (inputs.length > MAX_INPUTS || inner.program.length + outer.program.length > MAX_STEPS) return undefined;
  const program: (readonly [string, ...number[]])[] = [];
  const constants = [...inner.constants, ...outer.constants];
  const append = (steps: Options["program"], constantBase: number, operands: number[]): number => {
    for (const [op, ...args] of steps) {
      operands.push(inputs.length + program.length);
      program.push(op === "const" ? [op, args[0]! + constantBase] : [op, ...args.map((a) => operands[a]!)]);
    }
    return operands.at(-1)!;
  };
  const result = append(inner.program, 0, innerInputs.map((v) => inputs.indexOf(v)));
  append(outer.program, inner.constants.length, outerInputs.map(([n, v]) => (n === name ? result : inputs.indexOf(v))));
  return { ...consumer, inputs: Object.fromEntries(inputs.map((v, i) => [`x${i}`, v])), options: { program, constants } };
}
