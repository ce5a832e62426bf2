import type { laneKernels } from "./lane-kernels.js";
import type { Lowering } from "./lowering.js";

let kernels: typeof laneKernels | undefined;

/** Makes the kernels available. They are given, not imported, so that bundles for browsers leave them out. */
export const useLanes = (given: typeof laneKernels): void => void (kernels = given);

/** Their shaders, as far as they are available. */
export const laneShaders = (): readonly { readonly code: string }[] => kernels?.shaders ?? [];

/** Lanes of a subgroup that load for one another, and the kernels for them. */
export interface Team {
  readonly lanes: number;
  readonly kernels: typeof laneKernels;
}

/** Sums of a lane, as many vec4s as a CPU's registers and instruction cache bear: rows of a product, or pixels. */
export const LANE_TILE = 16;

/** What those kernels are made for. */
export const lanesConstants = (lanes: number) => ({ LANES: lanes, LOADS: LANE_TILE / lanes, TP: LANE_TILE });

/** Time per multiply-add by lanes in a team, relative to eight; a team of fewer loads more per multiply-add. From what convolutions of 64, 16 and 8 channels took. */
const COST = [[8, 1], [4, 1.15], [2, 2]] as const;
/** The same for kernels in which every lane loads for itself, on lavapipe. */
const ALONE = 1.75;

/**
 * How many lanes of a subgroup load for one another in a convolution or product of `n4` vec4s of columns, of which `group4` belong together
 * (conv2d-lanes.wgsl, matmul-lanes.wgsl): those that leave fewest idle; undefined where other kernels are the choice. Lavapipe's subgroups of eight
 * make these kernels twice as fast, SwiftShader's of four no faster than the others. "direct:lanes" asks for them with either.
 */
export function lanesFor({ adapter: { software, subgroupSize = 0, variant } }: Lowering, n4: number, group4 = n4): Team | undefined {
  const forced = variant === "direct:lanes";
  if (!kernels || (!forced && (!software || variant !== undefined || subgroupSize !== 8))) return undefined;
  const [best] = COST.filter(([lanes]) => lanes <= subgroupSize && subgroupSize <= 8 && (n4 === group4 || group4 % lanes === 0))
    .map(([lanes, cost]) => ({ lanes, cost: (cost * Math.ceil(n4 / lanes) * lanes) / n4 }))
    .sort((a, b) => a.cost - b.cost);
  return best && (forced || best.cost < ALONE) ? { lanes: best.lanes, kernels } : undefined;
}
