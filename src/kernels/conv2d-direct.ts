import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { convolveColumns } from "./conv2d-columns.js";
import { TILE, flopsOf, quadsPerThread, type Four, type Geometry } from "./conv2d-geometry.js";
import { fill4, packWeight } from "./conv2d-pack.js";
import { activationCode } from "./epilogue.js";
import { LANE_TILE, lanesConstants, lanesFor } from "./lanes.js";
import type { Lowering, Operand } from "./lowering.js";
import { storable, storeVec4s, workgroup } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-direct.js";

const forward = defineKernel(shader, "forward");
const forwardResidual = defineKernel(shader, "forward_residual");

/**
 * Whether the register-blocked kernels are wanted at all: always, unless a test asks for the clear ones. They were
 * designed for CPUs, but a GPU gains too: the clear weight gradient is one thread per weight over all pixels.
 */
export const wantsDirect = ({ adapter }: Lowering): boolean => adapter.variant !== "clear";

/** A convolution of 1×1, stride 1 and no padding sees no rows: all pixels stand in one. */
function asOneRow(g: Geometry): Geometry {
  const flat = [...g.kernel, ...g.stride].every((n) => n === 1) && g.top === 0 && g.left === 0 && g.shape[2] === g.x.shape[2] && g.shape[1] === g.x.shape[1];
  const pixels = g.shape[0] * g.shape[1] * g.shape[2];
  return flat ? { ...g, x: { ...g.x, shape: [1, 1, pixels, g.x.shape[3]!] }, shape: [1, 1, pixels, g.shape[3]] } : g;
}

/** Runs a convolution: by lanes that load for one another, by columns, or by blocks. */
export function convolve(low: Lowering, out: Operand, given: Geometry): void {
  const g = asOneRow(given);
  const o4 = fill4(g.shape[3]) / 4;
  const team = lanesFor(low, o4, o4 / g.groups);
  if (!team && convolveColumns(low, out, g)) return;
  const [n, oh, ow] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  const packed = g.pack(team?.lanes);
  const pixels = team ? LANE_TILE : TILE / g.quads;
  const total = Math.ceil((n * oh * ow) / pixels) * (team ? Math.ceil(o4 / team.lanes) * team.lanes : o4 / g.quads);
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, pixels: n * oh * ow, h, w, oh, ow, c, cg: c / g.groups, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride, out_offset,
        kh: g.kernel[0], kw: g.kernel[1], sh: g.stride[0], sw: g.stride[1], dh: g.dilation[0], dw: g.dilation[1], activation: activationCode(g.activation),
      },
      threads: total,
      flops: flopsOf(g),
    };
    const bindings = { x: g.x, packed, out: target };
    if (team) {
      const constants = { WG: workgroup(low), ...lanesConstants(team.lanes) };
      low.run(g.residual ? team.kernels.forwardResidual({ ...use, constants, bindings: { ...bindings, residual: g.residual } }) : team.kernels.forward({ ...use, constants, bindings }));
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
  convolve(low, out, { x, pack, residual, shape: out.shape as unknown as Four, kernel: [kh, kw], stride, dilation, top: o.padding[0], left: o.padding[2], groups, activation: o.activation, quads });
  return true;
}
