import { inputsOf, type Graph, type Node, type Value } from "../node.js";
import { eliminateDead } from "./eliminate-dead.js";
import { backwardNodes, recomputeNodes, repeatable, repeatedOutputs } from "./recompute-nodes.js";
import { rewire } from "./rewrite.js";

/**
 * Computes what is inside checkpointed blocks (`checkpoint`) again in the backward pass instead of keeping it. Later blocks first: their
 * copies read what earlier blocks returned, which stays. Of blocks in one another the outer one first: the copies of the inner one are a
 * block of their own.
 */
export function recomputeBlocks(graph: Graph): Graph {
  let result = graph;
  for (let next = lastBlock(result); next; next = lastBlock(result)) result = recomputeBlock(result, next);
  return result === graph ? graph : eliminateDead(result);
}

function lastBlock(graph: Graph): symbol | undefined {
  const backward = backwardNodes(graph);
  return graph.nodes.findLast((node) => node.blocks.length > 0 && !backward.has(node))?.blocks[0];
}

function recomputeBlock(graph: Graph, block: symbol): Graph {
  const backward = backwardNodes(graph);
  const inside = new Set(graph.nodes.filter((node) => node.blocks[0] === block && !backward.has(node)));
  const kept = leaving(graph, inside, backward, block);
  const values = new Set([...inside].filter(repeatable).flatMap(repeatedOutputs).filter((value) => !kept.has(value)));
  const result = recomputeNodes(graph, values);
  // What is left of the block are the nodes of the forward pass, which nothing is to be done about any more.
  const nodes = result.nodes.map((node) => (inside.has(node) ? rewire(node, { blocks: [] }) : node));
  return { ...result, nodes };
}

/** What a block returns and gradients of others need: it stays for all. What only the block's own gradients need is computed again. */
function leaving(graph: Graph, inside: ReadonlySet<Node>, backward: ReadonlySet<Node>, block: symbol): Set<Value> {
  const [read, needed] = [new Set<Value>(graph.outputs), new Set<Value>(graph.outputs)];
  for (const node of graph.nodes) {
    if (inside.has(node)) continue;
    const values = inputsOf(node).filter((value) => value.from && inside.has(value.from.node));
    if (!backward.has(node)) values.forEach((value) => read.add(value));
    else if (!node.blocks.includes(block)) values.forEach((value) => needed.add(value));
  }
  return new Set([...needed].filter((value) => read.has(value)));
}
