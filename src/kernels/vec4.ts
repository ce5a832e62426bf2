import type { Lowering } from "./lowering.js";

/**
 * Whether four neighbouring values may be read and written as one vec4: every size (channels, row strides, offsets)
 * divides by 4, and no test asks for the clear variant.
 */
export function vec4Fits(low: Lowering, ...sizes: readonly number[]): boolean {
  return low.adapter.variant !== "clear" && sizes.every((size) => size % 4 === 0);
}
