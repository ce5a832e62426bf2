import { MAX_WORKGROUPS, defineKernel, grid } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dParams } from "./conv2d.js";
import { fill4 } from "./conv2d-pack.js";
import { lanesFor, type Team } from "./lanes.js";
import type { Lowering, Operand } from "./lowering.js";
import { withChannels, workgroup } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-direct-weight-gradient.js";

const partial = defineKernel(shader, "partial");
const partialRow = defineKernel(shader, "partial_row");
const reduce = defineKernel(shader, "reduce");

type Four = [number, number, number, number];

/** Threads that keep a CPU busy, and a GPU. The number of partial sums follows from it, so it must not depend on the machine's size. */
const enough = ({ adapter }: Lowering): number => (adapter.software ? 512 : 8192);

/** What a team of lanes sums up: `tc` vec2s of input channels per lane, for `to` output channels. */
interface Block extends Team {
  readonly tc: number;
  readonly to: number;
}

/** A team for `width` output and 2·`cg2` input channels of a group; undefined where few channels would leave most of its work unused, or a dispatch has too few layers. */
function teamFor(low: Lowering, { cg2, width, groups, byRow, layers }: { cg2: number; width: number; groups: number; byRow: boolean; layers: number }): Block | undefined {
  const forced = low.adapter.variant === "direct:lanes";
  const team = lanesFor(low, cg2);
  if (!team || (!forced && (team.lanes < 8 || width < 8)) || layers + enough(low) > MAX_WORKGROUPS) return undefined;
  const { lanes } = team;
  const tc = !byRow && Math.ceil(cg2 / lanes) % 2 === 0 ? 2 : 1;
  const to = Math.min(byRow || tc === 2 ? 16 : 32, Math.ceil(width / lanes) * lanes);
  return groups > 1 && (width / groups) % to !== 0 ? undefined : { ...team, tc, to };
}

/** Adds up `sums` [chunks, o, taps, cg], with o and cg filled up to multiples of 4, to the weight gradient `out` [o, kh, kw, cg]. */
export function addChunks(low: Lowering, sums: Operand, out: Operand): void {
  const [o, kh, kw, cg] = out.shape as Four;
  const [chunks, wide, , deep] = sums.shape as Four;
  const unused = { lines: 0, per_chunk: 0, h: 0, w: 0, oh: 0, ow: 0, c4: 0, group4: 0, top: 0, left: 0, sh: 0, sw: 0, dh: 0, dw: 0 };
  low.run(reduce({ bindings: { parts: sums, out }, params: { ...unused, total: sizeOf(out.shape), cg4: deep / 4, o4: wide / 4, chunks, kh, kw, o, cg }, threads: sizeOf(out.shape) }));
}

/** The weight gradient of conv2d; false when these kernels do not apply (groups that are not whole vec4s). */
export function directWeightGradient(low: Lowering, x: Operand, grad: Operand, out: Operand, o: Conv2dParams): boolean {
  const [n, h, w, c] = x.shape as Four;
  const [, oh, ow, width] = grad.shape as Four;
  const [, kh, kw, cg] = out.shape as Four;
  const { stride, dilation, groups } = o;
  if (groups > 1 && (cg % 4 !== 0 || (width / groups) % 4 !== 0)) return false;
  if (sizeOf(x.shape) === 0 || sizeOf(grad.shape) === 0) return false;
  const [c4, o4] = [fill4(c) / 4, fill4(width) / 4];
  const [cg4, group4] = [c4 / groups, o4 / groups];
  const lines = n * oh;
  const byRow = kw === 3 && stride[1] === 1 && dilation[1] === 1;
  const layers = kh * (byRow ? 1 : kw);
  const team = teamFor(low, { cg2: 2 * cg4, width, groups, byRow, layers });

  const TO = group4 % 2 === 0 ? 2 : 1;
  const TC = !byRow && cg4 % 2 === 0 ? 2 : 1;
  const threads = team ? Math.ceil(width / team.to) * Math.ceil((2 * cg4) / (team.lanes * team.tc)) * team.lanes : ((o4 / TO) * cg4) / TC;
  // Weights near the size of a binding leave no room for several sums of them.
  const bindable = Math.max(1, Math.floor(low.adapter.limits.maxStorageBufferBindingSize / (4 * o4 * 4 * kh * kw * cg4 * 4)));
  const per_chunk = Math.ceil(lines / Math.min(lines, bindable, Math.ceil(enough(low) / (threads * layers))));
  const chunks = Math.ceil(lines / per_chunk);

  const filled = c % 4 !== 0 || width % 4 !== 0;
  const sums = filled || chunks > 1 ? low.temp([chunks, o4 * 4, kh * kw, cg4 * 4]) : out;
  const shared = { lines, per_chunk, h, w, oh, ow, o4, top: o.padding[0], left: o.padding[2], kh, kw, sh: stride[0], sw: stride[1], dh: dilation[0], dw: dilation[1], o: width };
  const wideX = c % 4 === 0 ? x : withChannels(low, x, fill4(c));
  const flops = 2 * sizeOf(grad.shape) * kh * kw * cg;
  if (team) {
    const { lanes, kernels, tc, to } = team;
    const TK = byRow ? kw : 1;
    // A workgroup of two teams would make a lone one do its work twice.
    const WG = threads % workgroup(low) === 0 ? workgroup(low) : 8;
    const [across, down] = grid(threads, WG);
    low.run(kernels.weightGradient({
      bindings: { x: wideX, grad, sums }, params: { ...shared, c2: 2 * c4, cg2: 2 * cg4, total: threads, group: width / groups },
      constants: { WG, LANES: lanes, LOADS: to / lanes, TO: to, TC: tc, TK, TX: tc * TK, TILE: to * tc * TK }, workgroups: [across, down, chunks * layers], flops,
    }));
  } else {
    const total = threads * layers * chunks;
    low.run((byRow ? partialRow : partial)({
      bindings: { x: wideX, grad: width % 4 === 0 ? grad : withChannels(low, grad, fill4(width)), sums }, params: { ...shared, c4, cg4, total, group4, chunks, cg },
      constants: { WG: workgroup(low), TO, TC, TILE: TO * TC * 4, TK: 3, TILE_ROW: TO * 12 }, threads: total, flops,
    }));
  }
  if (sums !== out) addChunks(low, sums, out);
  return true;
}
