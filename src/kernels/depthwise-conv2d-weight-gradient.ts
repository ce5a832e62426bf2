import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dParams } from "./conv2d.js";
import { fill4 } from "./conv2d-pack.js";
import { columnsOf, filled4, holdsTaps, isDepthwise, repeated, repeatedShape, slidingOver } from "./depthwise-conv2d.js";
import type { Lowering, Operand } from "./lowering.js";
import { storable, workgroup } from "./vec4-maps.js";
import shader from "./wgsl/depthwise-conv2d-weight-gradient.js";

const partial = defineKernel(shader, "partial");
const reduce = defineKernel(shader, "reduce");
const finish = defineKernel(shader, "finish");

type Four = [number, number, number, number];

/** Threads that keep a CPU busy, or a GPU. The order of summation follows from it, so it must not depend on the machine's size. */
const enough = ({ adapter }: Lowering): number => (adapter.software ? 512 : 16384);

/** Chunks that one thread adds up. */
const FAN = 32;

/** The weight gradient of a depthwise conv2d; false when these kernels do not apply. */
export function depthwiseWeightGradient(low: Lowering, x: Operand, grad: Operand, out: Operand, o: Conv2dParams): boolean {
  const [n, oh, ow] = grad.shape as Four;
  const [, h, w] = x.shape as Four;
  const [c, kh, kw] = out.shape as Four;
  const columns = columnsOf(low, [kh, kw], o);
  if (!isDepthwise(out, o) || !columns || sizeOf(x.shape) === 0 || sizeOf(grad.shape) === 0 || !storable(low, repeatedShape(x, out)) || !storable(low, grad)) return false;
  const TH = holdsTaps(low, kh * kw) ? kh : 1;
  const c4 = fill4(c) / 4;
  const { step, stride: [SY, SX], rows, strips, tiles } = slidingOver(low, [oh, ow], o, columns.TX, (n * c4 * kh) / TH);
  const spots = n * strips * tiles;
  const per_chunk = Math.ceil(spots / Math.min(spots, Math.ceil(enough(low) / ((c4 * kh) / TH))));
  let chunks = Math.ceil(spots / per_chunk);

  const params = {
    total: (chunks * c4 * kh) / TH, h, w, oh, ow, c4, top: o.padding[0], left: o.padding[2], sh: o.stride[0], sw: o.stride[1], dh: o.dilation[0], dw: o.dilation[1],
    step_y: step[0], step_x: step[1], strips, tiles, rows, spots, per_chunk, chunks, fan: FAN, c,
  };
  const constants = { WG: workgroup(low), KH: kh, KW: kw, TH, TAPS: TH * kw, ...columns, SY, SX, LIVE: Math.ceil(TH / SY), ROWS: Math.min(SY, TH) };
  let sums = low.temp([chunks, kh * kw, c4 * 4]);
  low.run(partial({ bindings: { x: repeated(low, x, c), grad: filled4(low, grad), sums }, params, constants, threads: params.total, flops: 2 * sizeOf(grad.shape) * kh * kw }));
  while (chunks > FAN) {
    const fewer = Math.ceil(chunks / FAN);
    const next = low.temp([fewer, kh * kw, c4 * 4]);
    const total = fewer * kh * kw * c4;
    low.run(reduce({ bindings: { parts: sums, sums: next }, params: { ...params, total, chunks }, constants, threads: total }));
    [chunks, sums] = [fewer, next];
  }
  const total = sizeOf(out.shape);
  low.run(finish({ bindings: { last_parts: sums, out }, params: { ...params, total, chunks }, constants, threads: total }));
  return true;
}
