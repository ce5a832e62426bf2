import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/conv2d-pack.js";

const pack = defineKernel(shader, "pack");
const packGradient = defineKernel(shader, "pack_gradient");

/** Channels filled up to whole vec4s. */
export const fill4 = (channels: number): number => Math.ceil(channels / 4) * 4;

interface Packing {
  weight: Operand;
  bias: Operand | undefined;
  /** Rows of each tap: the channels that are summed over, zeros included. */
  depth: number;
  /** Vec4s of output channels that stand together, one panel of rows after the other; default: all of them. */
  panel?: number | undefined;
}

/** The weight of a convolution as [taps · depth + 1, output channels filled up to a multiple of 4]; the last row is the bias. */
export function packWeight(low: Lowering, { weight, bias, depth, panel }: Packing): Operand {
  const [width, kh, kw, cg] = weight.shape as [number, number, number, number];
  const packed = low.temp([kh * kw * depth + 1, fill4(width)]);
  low.run(pack({
    bindings: { weight, bias: bias ?? weight, packed },
    params: { total: sizeOf(packed.shape) / 4, taps: kh * kw, k: cg, cg, width, wide: fill4(width), mirror: 0, out_stride: 0, out_offset: 0, panel: panel ? 4 * panel : fill4(width) },
    constants: { HAS_BIAS: bias ? 1 : 0, ...(depth > cg && { FILL: depth - cg }) },
    threads: sizeOf(packed.shape) / 4,
  }));
  return packed;
}

/** The same for its input gradient, with `width` channels, which sums over `k` output channels of the convolution per group; `mirror` reverses the taps. */
export function packGradientWeight(low: Lowering, { weight, bias, depth, panel, width, k, mirror }: Packing & { width: number; k: number; mirror: boolean }): Operand {
  const [, kh, kw, cg] = weight.shape as [number, number, number, number];
  const packed = low.temp([kh * kw * depth + 1, fill4(width)]);
  low.run(packGradient({
    bindings: { weight, bias: bias ?? weight, packed },
    params: { total: sizeOf(packed.shape) / 4, taps: kh * kw, k, cg, width, wide: fill4(width), mirror: mirror ? 1 : 0, out_stride: 0, out_offset: 0, panel: panel ? 4 * panel : fill4(width) },
    constants: { HAS_BIAS: bias ? 1 : 0, ...(depth > k && { FILL: depth - k }) },
    threads: sizeOf(packed.shape) / 4,
  }));
  return packed;
}
