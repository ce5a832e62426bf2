import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import directShader from "./wgsl/conv2d-direct.js";
import transposedShader from "./wgsl/conv2d-direct-input-gradient.js";
import packShader from "./wgsl/conv2d-pack.js";

const forward = defineKernel(directShader, "forward");
const forwardResidual = defineKernel(directShader, "forward_residual");
const row = defineKernel(directShader, "row");
const rowResidual = defineKernel(directShader, "row_residual");
const transposed = defineKernel(transposedShader, "transposed");
const transposedResidual = defineKernel(transposedShader, "transposed_residual");
const pack = defineKernel(packShader, "pack");
const packGradient = defineKernel(packShader, "pack_gradient");
const rechannel = defineKernel(packShader, "rechannel");

type Four = [number, number, number, number];

/** Workgroups of two vectors of a CPU: more only lengthens the tail. */
const WG = 16;

/** Whether the register-blocked kernels are wanted at all: on adapters that are CPUs, or when a test asks. */
export function wantsDirect({ adapter }: Lowering): boolean {
  return adapter.variant === "direct" || (adapter.software && adapter.variant !== "clear");
}

export const fill4 = (channels: number): number => Math.ceil(channels / 4) * 4;

/** A map with its channels changed to `wide`: new ones are zero, surplus ones are dropped. */
export function withChannels(low: Lowering, x: Operand, wide: number, out: Operand = low.temp([...x.shape.slice(0, -1), wide])): Operand {
  const { stride, offset } = channelSlice(out);
  const total = sizeOf(x.shape.slice(0, -1)) * wide;
  low.run(rechannel({ bindings: { x, out }, params: { total, taps: 0, k: 1, cg: 1, width: x.shape.at(-1)!, wide, mirror: 0, out_stride: stride, out_offset: offset }, threads: total }));
  return out;
}

/**
 * Vec4s of output channels per thread, or 0 when these kernels do not apply: the channels of a thread must lie in one
 * group, and results that are not whole vec4s go through a copy, which knows no residual.
 */
function quadsPerThread(width: number, groups: number, residual: Operand | undefined): number {
  if (groups > 1 && (width / groups) % 4 !== 0) return 0;
  if (residual && width % 4 !== 0) return 0;
  return (fill4(width) / 4 / groups) % 2 === 0 ? 2 : 1;
}

/** Runs `store` on `out`, or on a wider tensor that is then copied to it when `out` is not made of whole vec4s. */
function storeVec4s(low: Lowering, out: Operand, store: (target: Operand, stride: number, offset: number) => void): void {
  const width = out.shape.at(-1)!;
  const { stride, offset } = channelSlice(out);
  if (width % 4 === 0 && stride % 4 === 0 && offset % 4 === 0) return store(out, stride / 4, offset / 4);
  const wide = low.temp([...out.shape.slice(0, -1), fill4(width)]);
  store(wide, fill4(width) / 4, 0);
  withChannels(low, wide, width, out);
}

interface Geometry {
  x: Operand;
  packed: Operand;
  residual: Operand | undefined;
  /** [n, h, w, channels] of the result. */
  shape: Four;
  kernel: readonly [number, number];
  stride: readonly [number, number];
  dilation: readonly [number, number];
  top: number;
  left: number;
  groups: number;
  relu: boolean;
  quads: number;
}

/** Pixels of a thread of `row`, which suits rows that they fill well. */
const ROW = 16;

function convolve(low: Lowering, out: Operand, g: Geometry): void {
  const [n, oh, ow, width] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  const o4 = fill4(width) / 4;
  const byRow = g.kernel[1] === 3 && g.stride[1] === 1 && g.dilation[1] === 1 && ow >= ROW && Math.ceil(ow / ROW) * ROW <= 1.3 * ow;
  const quads = byRow ? 1 : g.quads;
  const pixels = byRow || quads === 1 ? ROW : ROW / 2;
  const tiles = byRow ? n * oh * Math.ceil(ow / ROW) : Math.ceil((n * oh * ow) / pixels);
  const total = (tiles * o4) / quads;
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, pixels: n * oh * ow, h, w, oh, ow, c, cg: c / g.groups, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride, out_offset,
        kh: g.kernel[0], kw: g.kernel[1], sh: g.stride[0], sw: g.stride[1], dh: g.dilation[0], dw: g.dilation[1], relu: g.relu ? 1 : 0,
      },
      constants: { WG, TP: pixels, TQ: quads, TILE: pixels * quads, TK: 3, WINDOW: pixels + 2 },
      threads: total,
      flops: (2 * sizeOf(g.shape) * g.kernel[0] * g.kernel[1] * c) / g.groups,
    };
    const bindings = { x: g.x, packed: g.packed, out: target };
    const { residual } = g;
    if (residual) low.run((byRow ? rowResidual : forwardResidual)({ ...use, bindings: { ...bindings, residual } }));
    else low.run((byRow ? row : forward)({ ...use, bindings }));
  });
}

/** conv2d; false when these kernels do not apply. */
export function directConv2d(low: Lowering, { x, weight, bias, residual }: Conv2dInputs, out: Operand, o: Conv2dParams): boolean {
  const [width, kh, kw, cg] = weight.shape as Four;
  const quads = quadsPerThread(width, o.groups, residual);
  if (quads === 0 || sizeOf(out.shape) === 0) return false;
  const packed = low.temp([kh * kw * cg + 1, fill4(width)]);
  const total = sizeOf(packed.shape);
  low.run(pack({
    bindings: { weight, bias: bias ?? weight, packed },
    params: { total, taps: kh * kw, k: cg, cg, width, wide: fill4(width), mirror: 0, out_stride: 0, out_offset: 0 },
    constants: { HAS_BIAS: bias ? 1 : 0 },
    threads: total,
  }));
  const { stride, dilation, groups } = o;
  convolve(low, out, { x, packed, residual, shape: out.shape as unknown as Four, kernel: [kh, kw], stride, dilation, top: o.padding[0], left: o.padding[2], groups, relu: o.activation === "relu", quads });
  return true;
}

/** The input gradient of conv2d, and the transposed convolution; false when these kernels do not apply. */
export function directInputGradient(low: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, out: Operand, o: Conv2dParams): boolean {
  const [, kh, kw, cg] = weight.shape as Four;
  const [n, h, w, width] = out.shape as unknown as Four;
  const [, gh, gw, gc] = grad.shape as Four;
  const { stride, dilation, groups } = o;
  const quads = quadsPerThread(width, groups, residual);
  if (quads === 0 || sizeOf(out.shape) === 0 || sizeOf(grad.shape) === 0) return false;
  const k = gc / groups;
  const dense = stride[0] === 1 && stride[1] === 1;
  const packed = low.temp([kh * kw * k + 1, fill4(width)]);
  low.run(packGradient({
    bindings: { weight, bias: bias ?? weight, packed },
    params: { total: sizeOf(packed.shape), taps: kh * kw, k, cg, width, wide: fill4(width), mirror: dense ? 1 : 0, out_stride: 0, out_offset: 0 },
    constants: { HAS_BIAS: bias ? 1 : 0 },
    threads: sizeOf(packed.shape),
  }));
  const relu = o.activation === "relu";
  if (dense) {
    const [top, left] = [dilation[0] * (kh - 1) - o.padding[0], dilation[1] * (kw - 1) - o.padding[2]];
    convolve(low, out, { x: grad, packed, residual, shape: [n, h, w, width], kernel: [kh, kw], stride, dilation, top, left, groups, relu, quads });
    return true;
  }
  const pixels = ROW / quads;
  const tiles = Math.ceil((n * Math.ceil(h / stride[0]) * Math.ceil(w / stride[1])) / pixels);
  const c4 = fill4(width) / 4;
  const total = (stride[0] * stride[1] * tiles * c4) / quads;
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, tiles, n, h, w, gh, gw, gc, k, c4, group4: c4 / groups, top: o.padding[0], left: o.padding[2], out_stride, out_offset,
        kh, kw, sh: stride[0], sw: stride[1], dh: dilation[0], dw: dilation[1], relu: relu ? 1 : 0,
      },
      constants: { WG, TP: pixels, TQ: quads, TILE: pixels * quads },
      threads: total,
      flops: 2 * sizeOf(grad.shape) * kh * kw * cg,
    };
    const bindings = { grad, packed, out: target };
    low.run(residual ? transposedResidual({ ...use, bindings: { ...bindings, residual } }) : transposed({ ...use, bindings }));
  });
  return true;
}
