import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { fill4, packGradientWeight, packWeight } from "./conv2d-pack.js";
import { activationCode, type Activation } from "./epilogue.js";
import { tileFor, tileGrid, tileWorkgroups, type Tile, type Work } from "./gemm-tiles.js";
import type { Lowering, Operand } from "./lowering.js";
import { fits, storable, storeVec4s, withChannels } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-tiled.js";
import transposedShader from "./wgsl/conv2d-tiled-input-gradient.js";

const forward = defineKernel(shader, "forward");
const forwardResidual = defineKernel(shader, "forward_residual");
const transposed = defineKernel(transposedShader, "transposed");
const transposedResidual = defineKernel(transposedShader, "transposed_residual");

type Four = [number, number, number, number];

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
  activation: Activation;
  flops: number;
}

/** Whether channels come as whole vec4s of one group, or can be filled up: those of the map that is summed over, and those of the result. */
const vectors = (deep: number, wide: number, groups: number, residual: Operand | undefined): boolean =>
  (groups === 1 || ((deep / groups) % 4 === 0 && (wide / groups) % 4 === 0)) && (!residual || wide % 4 === 0);

/** Taps that one step along k may cross: few channels lie side by side with those of the next taps. Two values only, to share pipelines. */
const wraps = (channels4: number, { slices, constants: { K4 } }: Tile): number => (channels4 >= slices * K4 ? 1 : slices * K4);

/** A map with as many channels as its rows of `packed` expect. */
const filled = (low: Lowering, x: Operand): Operand => (x.shape[3]! % 4 === 0 ? x : withChannels(low, x, fill4(x.shape[3]!)));

/** Whether a copy of the map with whole vec4s of channels can be bound, if one is needed. */
const fillable = (low: Lowering, x: Operand): boolean => x.shape[3]! % 4 === 0 || fits(low, sizeOf(x.shape.slice(0, 3)) * fill4(x.shape[3]!));

function convolve(low: Lowering, out: Operand, g: Geometry, work: Work, tile: Tile): void {
  const [, oh, ow, width] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  const [c4, o4] = [c / 4, fill4(width) / 4];
  const dense = [...g.kernel, ...g.stride].every((n) => n === 1) && g.top === 0 && g.left === 0 && oh === h && ow === w;
  const grid = tileGrid(work, tile);
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        ...grid, m: work.m, k: work.k, h, w, oh, ow, c4, cg4: c4 / g.groups, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride, out_offset,
        kh: g.kernel[0], kw: g.kernel[1], sh: g.stride[0], sw: g.stride[1], dh: g.dilation[0], dw: g.dilation[1], activation: activationCode(g.activation),
      },
      constants: { ...tile.constants, DENSE: dense ? 1 : 0, WRAPS: dense ? 1 : wraps(c4 / g.groups, tile) },
      workgroups: tileWorkgroups(grid),
      flops: g.flops,
    };
    const bindings = { x: g.x, packed: g.packed, out: target };
    low.run(g.residual ? forwardResidual({ ...use, bindings: { ...bindings, residual: g.residual } }) : forward({ ...use, bindings }));
  });
}

/** conv2d in tiles; false when these kernels do not apply or are not wanted. */
export function tiledConv2d(low: Lowering, { x, weight, bias, residual }: Conv2dInputs, out: Operand, o: Conv2dParams): boolean {
  const [width, kh, kw, cg] = weight.shape as Four;
  const { stride, dilation, groups } = o;
  const shape = out.shape as unknown as Four;
  const depth = fill4(cg);
  const work = { m: sizeOf(shape.slice(0, 3)), n: fill4(width) / groups, k: kh * kw * depth, planes: groups };
  const tile = tileFor(low, () => work, "rows");
  if (!tile || work.m === 0 || !vectors(cg * groups, width, groups, residual) || !storable(low, out) || !fillable(low, x)) return false;
  const packed = packWeight(low, { weight, bias, depth });
  convolve(low, out, { x: filled(low, x), packed, residual, shape, kernel: [kh, kw], stride, dilation, top: o.padding[0], left: o.padding[2], groups, activation: o.activation, flops: 2 * sizeOf(shape) * kh * kw * cg }, work, tile);
  return true;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** The input gradient of conv2d, and the transposed convolution, in tiles; false when these kernels do not apply or are not wanted. */
export function tiledInputGradient(low: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, out: Operand, o: Conv2dParams): boolean {
  const [, kh, kw, cg] = weight.shape as Four;
  const [n, h, w, width] = out.shape as unknown as Four;
  const [, gh, gw, gc] = grad.shape as Four;
  const { stride: [sh, sw], dilation: [dh, dw], groups } = o;
  const [k, depth] = [gc / groups, fill4(gc) / groups];
  const parities = sh * sw;
  const work = { m: n * Math.ceil(h / sh) * Math.ceil(w / sw), n: fill4(width) / groups, k: Math.ceil((kh * kw) / parities) * depth, planes: groups * parities };
  const tile = tileFor(low, () => work, "rows");
  if (!tile || work.m === 0 || sizeOf(grad.shape) === 0 || !vectors(gc, width, groups, residual) || !storable(low, out) || !fillable(low, grad)) return false;
  // The kernel keeps its 32-bit numbers above zero by adding this.
  const lift = Math.max(sh * kh * dh + sh + o.padding[0], sw * kw * dw + sw + o.padding[2]);
  if (parities > 1 && lift >= 2 ** 32) return false;
  const packed = packGradientWeight(low, { weight, bias, depth, width, k, mirror: parities === 1 });
  const x = filled(low, grad);
  const flops = 2 * sizeOf(grad.shape) * kh * kw * cg;
  if (parities === 1) {
    const [top, left] = [dh * (kh - 1) - o.padding[0], dw * (kw - 1) - o.padding[2]];
    convolve(low, out, { x, packed, residual, shape: [n, h, w, width], kernel: [kh, kw], stride: o.stride, dilation: o.dilation, top, left, groups, activation: o.activation, flops }, work, tile);
    return true;
  }
  const c4 = fill4(width) / 4;
  const { steps: _, ...grid } = tileGrid(work, tile);
  const [common_y, common_x] = [divisor(sh, dh), divisor(sw, dw)];
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        ...grid, groups, n, h, w, gh, gw, g4: fill4(gc) / 4, k4: depth / 4, c4, group4: c4 / groups, top: o.padding[0], left: o.padding[2], out_stride, out_offset,
        kh, kw, sh, sw, dh, dw, every_y: sh / common_y, every_x: sw / common_x, back_y: dh / common_y, back_x: dw / common_x, activation: activationCode(o.activation),
      },
      constants: { ...tile.constants, WRAPS: wraps(depth / 4, tile) },
      workgroups: tileWorkgroups(grid),
      flops,
    };
    const bindings = { grad: x, packed, out: target };
    low.run(residual ? transposedResidual({ ...use, bindings: { ...bindings, residual } }) : transposed({ ...use, bindings }));
  });
  return true;
}
