import { MAX_WORKGROUPS, defineKernel, grid } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { fill4, packGradientWeight, packWeight } from "./conv2d-pack.js";
import { LANE_TILE, lanesConstants, lanesFor } from "./lanes.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import columnsShader from "./wgsl/conv2d-columns.js";
import directShader from "./wgsl/conv2d-direct.js";
import lanesTransposedShader from "./wgsl/conv2d-lanes-input-gradient.js";
import lanesShader from "./wgsl/conv2d-lanes.js";
import transposedShader from "./wgsl/conv2d-direct-input-gradient.js";
import packShader from "./wgsl/conv2d-pack.js";

const forward = defineKernel(directShader, "forward");
const forwardResidual = defineKernel(directShader, "forward_residual");
const spread = defineKernel(columnsShader, "spread");
const spread4 = defineKernel(columnsShader, "spread4");
const columnsForward = defineKernel(columnsShader, "forward");
const columnsResidual = defineKernel(columnsShader, "forward_residual");
const lanesForward = defineKernel(lanesShader, "forward");
const lanesResidual = defineKernel(lanesShader, "forward_residual");
const lanesTransposed = defineKernel(lanesTransposedShader, "transposed");
const lanesTransposedResidual = defineKernel(lanesTransposedShader, "transposed_residual");
const transposed = defineKernel(transposedShader, "transposed");
const transposedResidual = defineKernel(transposedShader, "transposed_residual");
const rechannel = defineKernel(packShader, "rechannel");

type Four = [number, number, number, number];

/** Threads of a workgroup: two vectors of a CPU (more only lengthens the tail), or whole warps of a GPU. */
export const workgroup = ({ adapter }: Lowering): number => (adapter.software ? 16 : 64);

/**
 * Whether the register-blocked kernels are wanted at all: always, unless a test asks for the clear ones. They were
 * designed for CPUs, but a GPU gains too: the clear weight gradient is one thread per weight over all pixels.
 */
export const wantsDirect = ({ adapter }: Lowering): boolean => adapter.variant !== "clear";

export { fill4 };

/** A map with its channels changed to `wide`: new ones are zero, surplus ones are dropped. */
export function withChannels(low: Lowering, x: Operand, wide: number, out: Operand = low.temp([...x.shape.slice(0, -1), wide])): Operand {
  const { stride, offset } = channelSlice(out);
  const total = sizeOf(x.shape.slice(0, -1)) * wide;
  low.run(rechannel({ bindings: { x, out }, params: { total, taps: 0, k: 1, cg: 1, width: x.shape.at(-1)!, wide, mirror: 0, out_stride: stride, out_offset: offset, panel: wide }, threads: total }));
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

interface Geometry {
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
  relu: boolean;
  quads: number;
}

/** Pixels of a thread times its vec4s of channels: as many sums as a CPU's registers and instruction cache bear. */
const TILE = 16;

interface ColumnTile {
  pixels: number;
  quads: number;
  /** Vec4s of pixels that a thread loads for one kernel row. */
  window: number;
}

/**
 * The tile with which conv2d-columns.wgsl is the faster choice, if there is one: it needs horizontal stride 1, rows that
 * its tiles fill, and a window of pixels that fits registers ("direct:columns" asks for it, "direct:blocks" for the other). Costs are relative times per pixel, measured on lavapipe.
 */
function columnTile({ adapter: { variant } }: Lowering, { kernel, stride, dilation, shape, quads }: Geometry): ColumnTile | undefined {
  if (stride[1] !== 1 || variant === "direct:blocks") return undefined;
  const [taps, columns] = [kernel[1], shape[2]];
  const single = taps === 1 ? 2 : 1;
  const choices = [[TILE, Math.min(single, quads), 1], [TILE / 2, quads, 1.1]].map(([pixels = 0, wide = 0, cost = 0]) => ({
    pixels, quads: wide, window: Math.ceil((pixels + (taps - 1) * dilation[1]) / 4), cost: (cost * Math.ceil(columns / pixels) * pixels) / columns,
  }));
  const best = choices.filter((choice) => choice.window + taps * choice.quads <= 12).sort((a, b) => a.cost - b.cost)[0];
  return best && (best.cost <= 1.3 || variant === "direct:columns") ? best : undefined;
}

/** Vec4s of a row of `columns`. */
const rowOf = ({ shape }: Geometry, { pixels, window }: ColumnTile): number => ((Math.ceil(shape[2] / pixels) - 1) * pixels) / 4 + window;

function convolveColumns(low: Lowering, out: Operand, g: Geometry, tile: ColumnTile): void {
  const [n, oh, ow, width] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  const o4 = fill4(width) / 4;
  const tiles = Math.ceil(ow / tile.pixels);
  const row4 = rowOf(g, tile);
  const packed = g.pack();
  const columns = low.temp([n, h, c, row4 * 4]);
  const total = (n * oh * tiles * o4) / tile.quads;
  const params = {
    total, h, w, oh, ow, c, cg: c / g.groups, row4, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride: 0, out_offset: 0,
    kh: g.kernel[0], sh: g.stride[0], dh: g.dilation[0], relu: g.relu ? 1 : 0,
  };
  const threads = sizeOf(columns.shape) / 4;
  low.run(c % 4 === 0
    ? spread4({ bindings: { x4: g.x, spread_out: columns }, params: { ...params, total: threads / 4 }, threads: threads / 4 })
    : spread({ bindings: { x: g.x, spread_out: columns }, params: { ...params, total: threads }, threads }));
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: { ...params, out_stride, out_offset },
      constants: { WG: workgroup(low), TP: tile.pixels, TQ: tile.quads, TILE: tile.pixels * tile.quads, TK: g.kernel[1], TD: g.dilation[1], WINDOW: tile.window },
      threads: total,
      flops: flopsOf(g),
    };
    const bindings = { columns, packed, out: target };
    low.run(g.residual ? columnsResidual({ ...use, bindings: { ...bindings, residual: g.residual } }) : columnsForward({ ...use, bindings }));
  });
}

const flopsOf = ({ shape, kernel, x, groups }: Geometry): number => (2 * sizeOf(shape) * kernel[0] * kernel[1] * x.shape[3]!) / groups;

/** A convolution of 1×1, stride 1 and no padding sees no rows: all pixels stand in one. */
function asOneRow(g: Geometry): Geometry {
  const flat = [...g.kernel, ...g.stride].every((n) => n === 1) && g.top === 0 && g.left === 0 && g.shape[2] === g.x.shape[2] && g.shape[1] === g.x.shape[1];
  const pixels = g.shape[0] * g.shape[1] * g.shape[2];
  return flat ? { ...g, x: { ...g.x, shape: [1, 1, pixels, g.x.shape[3]!] }, shape: [1, 1, pixels, g.shape[3]] } : g;
}

function convolve(low: Lowering, out: Operand, given: Geometry): void {
  const g = asOneRow(given);
  const o4 = fill4(g.shape[3]) / 4;
  const lanes = lanesFor(low, o4, o4 / g.groups);
  const tile = lanes ? undefined : columnTile(low, g);
  const [n, oh, ow] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  if (tile && fits(low, n * h * c * rowOf(g, tile) * 4)) return convolveColumns(low, out, g, tile);
  const packed = g.pack(lanes);
  const pixels = lanes ? LANE_TILE : TILE / g.quads;
  const total = Math.ceil((n * oh * ow) / pixels) * (lanes ? Math.ceil(o4 / lanes) * lanes : o4 / g.quads);
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, pixels: n * oh * ow, h, w, oh, ow, c, cg: c / g.groups, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride, out_offset,
        kh: g.kernel[0], kw: g.kernel[1], sh: g.stride[0], sw: g.stride[1], dh: g.dilation[0], dw: g.dilation[1], relu: g.relu ? 1 : 0,
      },
      threads: total,
      flops: flopsOf(g),
    };
    const bindings = { x: g.x, packed, out: target };
    if (lanes) {
      const constants = { WG: workgroup(low), ...lanesConstants(lanes) };
      low.run(g.residual ? lanesResidual({ ...use, constants, bindings: { ...bindings, residual: g.residual } }) : lanesForward({ ...use, constants, bindings }));
    } else {
      const constants = { WG: workgroup(low), TP: pixels, TQ: g.quads, TILE };
      low.run(g.residual ? forwardResidual({ ...use, constants, bindings: { ...bindings, residual: g.residual } }) : forward({ ...use, constants, bindings }));
    }
  });
}

/** conv2d; false when these kernels do not apply. */
export function directConv2d(low: Lowering, { x, weight, bias, residual }: Conv2dInputs, out: Operand, o: Conv2dParams): boolean {
  const [width, kh, kw, cg] = weight.shape as Four;
  const quads = quadsPerThread(width, o.groups, residual);
  if (quads === 0 || sizeOf(out.shape) === 0 || !storable(low, out)) return false;
  const pack = (panel?: number): Operand => packWeight(low, { weight, bias, depth: cg, panel });
  const { stride, dilation, groups } = o;
  convolve(low, out, { x, pack, residual, shape: out.shape as unknown as Four, kernel: [kh, kw], stride, dilation, top: o.padding[0], left: o.padding[2], groups, relu: o.activation === "relu", quads });
  return true;
}

/** The input gradient of conv2d, and the transposed convolution; false when these kernels do not apply. */
export function directInputGradient(low: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, out: Operand, o: Conv2dParams): boolean {
  const [, kh, kw, cg] = weight.shape as Four;
  const [n, h, w, width] = out.shape as unknown as Four;
  const [, gh, gw, gc] = grad.shape as Four;
  const { stride, dilation, groups } = o;
  const quads = quadsPerThread(width, groups, residual);
  if (quads === 0 || sizeOf(out.shape) === 0 || sizeOf(grad.shape) === 0 || !storable(low, out)) return false;
  const k = gc / groups;
  const dense = stride[0] === 1 && stride[1] === 1;
  // The strided kernel keeps its 32-bit numbers above zero by adding this.
  const lift = Math.max(stride[0] * kh * dilation[0] + stride[0] + o.padding[0], stride[1] * kw * dilation[1] + stride[1] + o.padding[2]);
  if (!dense && lift >= 2 ** 32) return false;
  const pack = (panel?: number): Operand => packGradientWeight(low, { weight, bias, depth: k, panel, width, k, mirror: dense });
  const relu = o.activation === "relu";
  if (dense) {
    const [top, left] = [dilation[0] * (kh - 1) - o.padding[0], dilation[1] * (kw - 1) - o.padding[2]];
    convolve(low, out, { x: grad, pack, residual, shape: [n, h, w, width], kernel: [kh, kw], stride, dilation, top, left, groups, relu, quads });
    return true;
  }
  const c4 = fill4(width) / 4;
  const planes = stride[0] * stride[1];
  const lanes = planes <= MAX_WORKGROUPS ? lanesFor(low, c4, c4 / groups) : 0;
  const packed = pack(lanes);
  const pixels = lanes ? LANE_TILE : TILE / quads;
  const tiles = Math.ceil((n * Math.ceil(h / stride[0]) * Math.ceil(w / stride[1])) / pixels);
  const total = lanes ? tiles * Math.ceil(c4 / lanes) * lanes : (planes * tiles * c4) / quads;
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, tiles, n, h, w, gh, gw, gc, k, c4, group4: c4 / groups, top: o.padding[0], left: o.padding[2], out_stride, out_offset,
        kh, kw, sh: stride[0], sw: stride[1], dh: dilation[0], dw: dilation[1], relu: relu ? 1 : 0,
      },
      flops: 2 * sizeOf(grad.shape) * kh * kw * cg,
    };
    const bindings = { grad, packed, out: target };
    if (lanes) {
      const [across, down] = grid(total, workgroup(low));
      const run = { ...use, constants: { WG: workgroup(low), ...lanesConstants(lanes) }, workgroups: [across, down, planes] as const };
      low.run(residual ? lanesTransposedResidual({ ...run, bindings: { ...bindings, residual } }) : lanesTransposed({ ...run, bindings }));
    } else {
      const run = { ...use, constants: { WG: workgroup(low), TP: pixels, TQ: quads, TILE }, threads: total };
      low.run(residual ? transposedResidual({ ...run, bindings: { ...bindings, residual } }) : transposed({ ...run, bindings }));
    }
  });
  return true;
}
