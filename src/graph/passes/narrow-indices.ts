import type { Graph, Node, Value } from "../node.js";
import { asTensor, type Tensor } from "../tensor.js";
import { record, replaceValues, rewire } from "./rewrite.js";

/**
 * Has a pooling say in one byte where in its window each value stood (`narrowIndices`) instead of where in the plane, if all who read
 * that can do with it (`readsNarrow`): SegNet's pools and unpools, and their gradients. Where a user asked for the indices, they stay.
 */
export function narrowIndices(graph: Graph): Graph {
  const ids = graph.nodes.filter(({ op }) => op.traits.narrowIndices).map(({ id }) => id);
  return ids.reduce((result, id) => tryNarrow(result, result.nodes.find((node) => node.id === id)!) ?? result, graph);
}

function tryNarrow(graph: Graph, pooling: Node): Graph | undefined {
  const indices = pooling.outputs["indices"]!;
  const readers = graph.nodes.filter((node) => Object.values(node.inputs).includes(indices));
  if (readers.length === 0 || graph.outputs.includes(indices) || [pooling, ...readers].some(({ outputs }) => Object.values(outputs).some(({ home }) => home))) return undefined;
  const [, ...size] = pooling.inputs["x"]!.shape.slice(0, 3);
  const added = new Map<Node, Node[]>();
  const by = new Map<Value, Value>();
  /** Puts what `build` records in the place of `node`; false where it cannot. */
  const replace = (node: Node, build: (inputs: Record<string, Tensor | undefined>) => Record<string, Tensor> | undefined): boolean => {
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, value && asTensor(by.get(value) ?? value)]));
    const { made, nodes } = record(graph.capture, () => build(inputs));
    added.set(node, nodes.map((each) => rewire(each, { blocks: node.blocks })));
    for (const [name, tensor] of Object.entries(made ?? {})) by.set(node.outputs[name]!, tensor.value!);
    return made !== undefined;
  };
  const done = replace(pooling, (inputs) => pooling.op.traits.narrowIndices!(inputs as never, pooling.options as never))
    && readers.every((node) => replace(node, (inputs) => node.op.traits.readsNarrow?.(inputs as never, node.options as never, { ...pooling.options, size } as never)));
  return done ? replaceValues(graph, graph.nodes.flatMap((node) => added.get(node) ?? [node]), by) : undefined;
}
