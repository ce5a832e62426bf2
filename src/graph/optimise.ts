import type { Graph } from "./node.js";
import { eliminateCommon } from "./passes/eliminate-common.js";
import { eliminateDead } from "./passes/eliminate-dead.js";
import { eliminateWithin } from "./passes/eliminate-within.js";
import { foldBatchNorm } from "./passes/fold-batch-norm.js";
import { flattenGradients } from "./passes/flatten-gradients.js";
import { fuseCasts } from "./passes/fuse-casts.js";
import { fuseEpilogues } from "./passes/fuse-epilogues.js";
import { fusePointwise } from "./passes/fuse-pointwise.js";
import { fuseResize } from "./passes/fuse-resize.js";
import { narrowIndices } from "./passes/narrow-indices.js";
import { recompute } from "./passes/recompute.js";
import { recomputeBlocks } from "./passes/recompute-blocks.js";
import { skipOrdered } from "./passes/skip-ordered.js";

/** The passes that make a graph do less work, in order. Each takes a graph and returns an equivalent one. */
export function simplify(graph: Graph): Graph {
  return [skipOrdered, eliminateDead, fuseCasts, fuseResize, foldBatchNorm, eliminateCommon, narrowIndices, eliminateWithin, fuseEpilogues, flattenGradients, fusePointwise, eliminateDead].reduce((g, pass) => pass(g), graph);
}

/** A graph that is ready for its plan: with less work, and in a training step with less to keep for the backward pass. */
export const optimise = (graph: Graph): Graph => recompute(recomputeBlocks(simplify(graph)));
