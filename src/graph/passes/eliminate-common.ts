import type { Graph, Node, Value } from "../node.js";
import { plainKey } from "../tree.js";
import { replaceValues } from "./rewrite.js";

/** Computes equal expressions once: the same op with the same options on the same values. */
export function eliminateCommon(graph: Graph): Graph {
  const seen = new Map<string, Node>();
  const same = new Map<Value, Value>();
  const nodes = graph.nodes.filter((node) => {
    if (node.op.traits.effect || Object.values(node.outputs).some((value) => value.home)) return true;
    const inputs = Object.entries(node.inputs).map(([name, value]) => `${name}=${value ? (same.get(value) ?? value).id : ""}`);
    const key = plainKey([node.op.name, node.options, inputs]);
    const first = seen.get(key);
    if (!first || first.op !== node.op) {
      seen.set(key, node);
      return true;
    }
    for (const [name, value] of Object.entries(node.outputs)) same.set(value, first.outputs[name]!);
    return false;
  });
  return replaceValues(graph, nodes, same);
}
