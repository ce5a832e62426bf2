import { sizeOf } from "../runtime/shape.js";
import type { KernelCall, Operand } from "../runtime/kernel.js";
import { sharedPerFma, tileVec4s, type TileConstants } from "./gemm-tiles.js";

/** What can be counted of a tiled matrix product without running it. */
export interface GemmFigures {
  /** Bytes of workgroup memory. */
  readonly workgroupBytes: number;
  /** f32 sums that a thread keeps in registers. */
  readonly accumulatorsPerThread: number;
  /** f32 beside them: what is read from workgroup memory for one group of multiply-adds, and what is fetched ahead. */
  readonly operandsPerThread: number;
  /** Multiply-adds per f32 read from workgroup memory. */
  readonly fmaPerSharedFloat: number;
  /** Barriers that a workgroup waits at: those of the steps along k, and those of adding up slices. */
  readonly barriers: number;
  /** Bytes that all workgroups together ask of memory (caches serve part of it): tiles of both factors, and the result once. */
  readonly globalBytes: number;
}

const resultOf = ({ bindings }: KernelCall): Operand => bindings["out"] ?? bindings["sums"]!;

/** Steps along k of one workgroup: a field of `Params`, or (weight gradient) what a chunk of pixels takes, or (strided input gradient) the mean over the parities. */
function stepsOf({ params }: KernelCall, { K4, KS }: TileConstants): number {
  const depth = 4 * K4 * KS;
  if (params["steps"] !== undefined) return params["steps"];
  if (params["per_chunk"] !== undefined) return Math.ceil(params["per_chunk"] / depth);
  const parities = params["sh"]! * params["sw"]!;
  return (params["kh"]! * params["kw"]! * params["k4"]! * 4) / parities / depth;
}

/** Static figures of a dispatch of a tiled kernel, from its constants and parameters; undefined for other kernels. */
export function gemmFigures(call: KernelCall): GemmFigures | undefined {
  const { constants, params } = call;
  if (!("TX" in constants && "K4" in constants && "BUFFERS" in constants)) return undefined;
  const c = constants as unknown as TileConstants;
  const layout = c.ROWS4 === undefined ? "rows" : "columns";
  const steps = stepsOf(call, c);
  const tile = (c.ROWS * c.TY + 4 * c.QUADS * c.TX) * 4 * c.K4 * c.KS;
  // In rows, four vec4s of B per column and one of A; in columns, one of each.
  const shared = layout === "rows" ? 16 * c.QUADS + 4 : 4 * c.QUADS + 4;
  return {
    workgroupBytes: 16 * tileVec4s(c, layout),
    accumulatorsPerThread: 4 * c.ROWS * c.QUADS,
    operandsPerThread: shared + 4 * (c.LA + c.LB),
    fmaPerSharedFloat: 1 / sharedPerFma(c),
    barriers: (steps + 1) * (3 - c.BUFFERS) + 2 * (c.KS - 1),
    globalBytes: 4 * (params["total"]! * steps * tile + sizeOf(resultOf(call).shape)),
  };
}
