import { MAX_WORKGROUPS, defineKernel, grid } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { convolve } from "./conv2d-direct.js";
import { TILE, quadsPerThread, type Four } from "./conv2d-geometry.js";
import { fill4, packGradientWeight } from "./conv2d-pack.js";
import { activationCode } from "./epilogue.js";
import { LANE_TILE, lanesConstants, lanesFor } from "./lanes.js";
import type { Lowering, Operand } from "./lowering.js";
import { storable, storeVec4s, workgroup } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-direct-input-gradient.js";

const transposed = defineKernel(shader, "transposed");
const transposedResidual = defineKernel(shader, "transposed_residual");

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
  if (dense) {
    const [top, left] = [dilation[0] * (kh - 1) - o.padding[0], dilation[1] * (kw - 1) - o.padding[2]];
    convolve(low, out, { x: grad, pack, residual, shape: [n, h, w, width], kernel: [kh, kw], stride, dilation, top, left, groups, activation: o.activation, quads });
    return true;
  }
  const c4 = fill4(width) / 4;
  const planes = stride[0] * stride[1];
  const team = planes <= MAX_WORKGROUPS ? lanesFor(low, c4, c4 / groups) : undefined;
  const packed = pack(team?.lanes);
  const pixels = team ? LANE_TILE : TILE / quads;
  const tiles = Math.ceil((n * Math.ceil(h / stride[0]) * Math.ceil(w / stride[1])) / pixels);
  const total = team ? tiles * Math.ceil(c4 / team.lanes) * team.lanes : (planes * tiles * c4) / quads;
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, tiles, n, h, w, gh, gw, gc, k, c4, group4: c4 / groups, top: o.padding[0], left: o.padding[2], out_stride, out_offset,
        kh, kw, sh: stride[0], sw: stride[1], dh: dilation[0], dw: dilation[1], activation: activationCode(o.activation),
      },
      flops: 2 * sizeOf(grad.shape) * kh * kw * cg,
    };
    const bindings = { grad, packed, out: target };
    if (team) {
      const [across, down] = grid(total, workgroup(low));
      const run = { ...use, constants: { WG: workgroup(low), ...lanesConstants(team.lanes) }, workgroups: [across, down, planes] as const };
      low.run(residual ? team.kernels.transposedResidual({ ...run, bindings: { ...bindings, residual } }) : team.kernels.transposed({ ...run, bindings }));
    } else {
      const run = { ...use, constants: { WG: workgroup(low), TP: pixels, TQ: quads, TILE }, threads: total };
      low.run(residual ? transposedResidual({ ...run, bindings: { ...bindings, residual } }) : transposed({ ...run, bindings }));
    }
  });
  return true;
}
