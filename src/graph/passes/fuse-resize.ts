import { sameShape } from "../../runtime/shape.js";
import type { Graph, Node, Value } from "../node.js";
import type { Resampling } from "../op.js";
import { asTensor, type Tensor } from "../tensor.js";
import { plainKey } from "../tree.js";
import { countUses, mayMove, record, replaceValues } from "./rewrite.js";

/** A reader of a resampled map: what it computes once it does the resampling itself, and the values that replaces. */
interface Taken {
  readonly reader: Node;
  /** What stands behind a gradient: a cast, perhaps, and the transposed resampling. */
  readonly after: readonly Node[];
}

/**
 * Drops a resampling (`resamples`) all of whose readers can do it themselves (`absorbResampling`), so that the map is never stored at
 * its full size: argmax and cross-entropy of logits that a network enlarges. A gradient is taken with the transposed resampling behind
 * it. All readers or none: with one left, the map would be stored anyway, and the others would work it out again.
 */
export function fuseResize(graph: Graph): Graph {
  const ids = graph.nodes.filter(({ op }) => op.traits.resamples === "forward").map(({ id }) => id);
  return ids.reduce((result, id) => tryFuse(result, result.nodes.find((node) => node.id === id)!) ?? result, graph);
}

function tryFuse(graph: Graph, resize: Node): Graph | undefined {
  const map = resize.outputs["out"]!;
  if (map.home || graph.outputs.includes(map)) return undefined;
  const taken = takeAll(graph, resize, map);
  if (!taken) return undefined;
  const added = new Map<Node, Node[]>();
  const by = new Map<Value, Value>();
  for (const { reader, after } of taken) {
    const { made: outputs, nodes } = record(graph.capture, () => build(reader, resize, map));
    if (!outputs) return undefined;
    added.set(reader, nodes);
    const replaced = after.at(-1) ?? reader;
    for (const [name, value] of Object.entries(replaced.outputs)) by.set(value, outputs[name]!.value!);
  }
  const gone = new Set<Node>([resize, ...taken.flatMap(({ after }) => after)]);
  const nodes = graph.nodes.flatMap((node) => added.get(node) ?? (gone.has(node) ? [] : [node]));
  return replaceValues(graph, nodes, by);
}

/** Every reader of the map, or undefined if one of them cannot resample. */
function takeAll(graph: Graph, resize: Node, map: Value): Taken[] | undefined {
  const uses = countUses(graph);
  const movable = mayMove(graph);
  const taken: Taken[] = [];
  /** The only reader of a node's result; with the next one, if it is a cast. */
  const behind = ({ outputs: { out } }: Node): Node[] => {
    const next = uses.get(out!) === 1 ? graph.nodes.find(({ inputs }) => Object.values(inputs).includes(out)) : undefined;
    return next ? [next, ...(next.op.name === "cast" && !next.outputs["out"]!.home ? behind(next) : [])] : [];
  };
  for (const reader of graph.nodes) {
    const reads = Object.entries(reader.inputs).filter(([, value]) => value === map);
    if (reads.length === 0) continue;
    const absorber = reader.op.traits.absorbResampling;
    if (!absorber || reads.length > 1 || reads[0]![0] !== absorber.input || Object.values(reader.outputs).some(({ home }) => home) || !movable(resize, reader)) return undefined;
    const after = absorber.transposed ? behind(reader) : [];
    if (absorber.transposed && !(after.length > 0 && isTransposed(after.at(-1)!, resize))) return undefined;
    taken.push({ reader, after });
  }
  return taken.length > 0 ? taken : undefined;
}

/** Whether a node sends gradients back by the weights by which `resize` resampled. */
function isTransposed(node: Node, resize: Node): boolean {
  const weights = ({ mode, placement }: Resampling): string => plainKey([mode, placement]);
  return node.op.traits.resamples === "transposed" && !node.outputs["out"]!.home
    && weights(node.options as Resampling) === weights(resize.options as Resampling)
    && sameShape(node.outputs["out"]!.shape, Object.values(resize.inputs)[0]!.shape);
}

function build(reader: Node, resize: Node, map: Value): Record<string, Tensor> | undefined {
  const source = Object.values(resize.inputs)[0]!;
  const inputs = Object.fromEntries(Object.entries(reader.inputs).map(([name, value]) => [name, value && asTensor(value === map ? source : value)]));
  return reader.op.traits.absorbResampling!.build(inputs, reader.options as never, resize.options as Resampling);
}
