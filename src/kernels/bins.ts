import { sizeOf, type Shape } from "../runtime/shape.js";

/** What the kernels of adaptive pooling take, for maps of the shape of x whose bins are those of `out`. */
export function binsOf(x: Shape, out: Shape) {
  const [, h = 0, w = 0, c = 0] = x;
  const [, oh = 0, ow = 0] = out;
  return { c, use: { params: { h, w, oh, ow }, constants: { C: c }, flops: Math.max(sizeOf(x), sizeOf(out)) } };
}
