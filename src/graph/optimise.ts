import type { Graph } from "./node.js";
import { eliminateCommon } from "./passes/eliminate-common.js";
import { eliminateDead } from "./passes/eliminate-dead.js";
import { foldBatchNorm } from "./passes/fold-batch-norm.js";
import { fuseEpilogues } from "./passes/fuse-epilogues.js";
import { fusePointwise } from "./passes/fuse-pointwise.js";

/** The passes, in order. Each takes a graph and returns an equivalent one. */
export function optimise(graph: Graph): Graph {
  return [eliminateDead, foldBatchNorm, eliminateCommon, fuseEpilogues, fusePointwise, eliminateDead].reduce((g, pass) => pass(g), graph);
}
