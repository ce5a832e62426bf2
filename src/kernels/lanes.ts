import type { Lowering } from "./lowering.js";

/** Sums of a lane, as many vec4s as a CPU's registers and instruction cache bear: rows of a product, or pixels. */
export const LANE_TILE = 16;

/** What those kernels are made for. */
export const lanesConstants = (lanes: number) => ({ LANES: lanes, LOADS: LANE_TILE / lanes, TP: LANE_TILE });

/**
 * Lanes of a subgroup where kernels whose lanes load for one another are the choice (conv2d-lanes.wgsl, matmul-lanes.wgsl), else 0: lavapipe's
 * eight make them twice as fast, SwiftShader's four no faster than the others. "direct:lanes" asks for them with either.
 */
export function lanesOf({ adapter: { software, subgroupSize = 0, variant } }: Lowering): number {
  if (variant === "direct:lanes") return subgroupSize === 4 || subgroupSize === 8 ? subgroupSize : 0;
  return software && variant === undefined && subgroupSize === 8 ? 8 : 0;
}
