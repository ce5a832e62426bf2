import { sizeOf } from "../runtime/shape.js";
import { fill4 } from "./conv2d-pack.js";
import type { Activation } from "./epilogue.js";
import type { Operand } from "./lowering.js";

export type Four = [number, number, number, number];

/** A convolution as the register-blocked kernels see it: forward, or the input gradient of stride 1. */
export interface Geometry {
  x: Operand;
  /** Weights and bias, in panels of so many vec4s or whole rows. */
  pack: (panel?: number) => Operand;
  residual: Operand | undefined;
  /** [n, h, w, channels] of the result. */
  shape: Four;
  kernel: readonly [number, number];
  stride: readonly [number, number];
  dilation: readonly [number, number];
  top: number;
  left: number;
  groups: number;
  activation: Activation;
  quads: number;
}

/** Pixels of a thread times its vec4s of channels: as many sums as a CPU's registers and instruction cache bear. */
export const TILE = 16;

export const flopsOf = ({ shape, kernel, x, groups }: Geometry): number => (2 * sizeOf(shape) * kernel[0] * kernel[1] * x.shape[3]!) / groups;

/**
 * Vec4s of output channels per thread, or 0 when these kernels do not apply: the channels of a thread must lie in one
 * group, and results that are not whole vec4s go through a copy, which knows no residual.
 */
export function quadsPerThread(width: number, groups: number, residual: Operand | undefined): number {
  if (groups > 1 && (width / groups) % 4 !== 0) return 0;
  if (residual && width % 4 !== 0) return 0;
  return (fill4(width) / 4 / groups) % 2 === 0 ? 2 : 1;
}
