import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { fill4 } from "./conv2d-pack.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import packShader from "./wgsl/conv2d-pack.js";

const rechannel = defineKernel(packShader, "rechannel");

/** Threads of a workgroup: two vectors of a CPU (more only lengthens the tail), or whole warps of a GPU. */
export const workgroup = ({ adapter }: Lowering): number => (adapter.software ? 16 : 64);

/** A map with its channels changed to `wide`: new ones are zero, surplus ones are dropped. */
export function withChannels(low: Lowering, x: Operand, wide: number, out: Operand = low.temp([...x.shape.slice(0, -1), wide])): Operand {
  const { stride, offset } = channelSlice(out);
  const total = sizeOf(x.shape.slice(0, -1)) * wide;
  low.run(rechannel({ bindings: { x, out }, params: { total, taps: 0, k: 1, cg: 1, width: x.shape.at(-1)!, wide, mirror: 0, out_stride: stride, out_offset: offset, panel: wide }, threads: total }));
  return out;
}

/** Runs `store` on `out`, or on a wider tensor that is then copied to it when `out` is not made of whole vec4s. */
export function storeVec4s(low: Lowering, out: Operand, store: (target: Operand, stride: number, offset: number) => void): void {
  const width = out.shape.at(-1)!;
  const { stride, offset } = channelSlice(out);
  if (width % 4 === 0 && stride % 4 === 0 && offset % 4 === 0) return store(out, stride / 4, offset / 4);
  const wide = low.temp([...out.shape.slice(0, -1), fill4(width)]);
  store(wide, fill4(width) / 4, 0);
  withChannels(low, wide, width, out);
}

/** Whether scratch of this many f32 can be bound. */
export const fits = ({ adapter }: Lowering, values: number): boolean => 4 * values <= adapter.limits.maxStorageBufferBindingSize;

/** Whether `storeVec4s` can store this result: a wide copy of few channels may be too large where the result is not. */
export const storable = (low: Lowering, out: Operand): boolean => fits(low, sizeOf(out.shape.slice(0, -1)) * fill4(out.shape.at(-1)!));
