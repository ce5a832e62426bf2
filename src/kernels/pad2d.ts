import type { DType } from "../runtime/dtype.js";
import { toHalf } from "../runtime/half.js";
import { ShapeError } from "../runtime/errors.js";
import { MAX_WORKGROUPS, defineKernel, type Workgroups } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/pad2d.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");

/** The numbers of `MODE` in the shader are the places here. */
export const padModes = ["constant", "reflect", "replicate", "circular"] as const;
export type PadMode = (typeof padModes)[number];

/** Rows and columns put around a plane; negative ones are cut off. */
export interface Pad2dParams {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly mode: PadMode;
  /** What a constant frame holds. */
  readonly value: number;
}

/** The bits that stand for `value` in a tensor of this dtype. */
function bitsOf(value: number, dtype: DType): number {
  if (dtype === "f16") return toHalf(value);
  return dtype === "f32" ? new Uint32Array(new Float32Array([value]).buffer)[0]! : value >>> 0;
}

const WG = 64;

/** A row of workgroups for each of the `lines` rows, folded into z. */
function lineGroups(row: number, lines: number, shape: Operand["shape"]): Workgroups {
  const folds = Math.max(1, Math.ceil(lines / MAX_WORKGROUPS));
  const groups: Workgroups = [Math.max(1, Math.ceil(row / WG)), Math.max(1, Math.ceil(lines / folds)), folds];
  if (Math.max(...groups) > MAX_WORKGROUPS) throw new ShapeError("pad2d", `a row may have at most ${MAX_WORKGROUPS * WG} values`, { out: [shape, "NHWC"] });
  return groups;
}

function use(low: Lowering, plane: Operand, padded: Operand, out: Operand, { top, left, mode, value }: Pad2dParams) {
  const [n = 0, h = 0, w = 0, channels = 0] = plane.shape;
  const [, oh = 0, ow = 0] = padded.shape;
  const [, rows = 0, columns = 0] = out.shape;
  const wide = vec4Fits(low, channels);
  const c = wide ? channels / 4 : channels;
  const params = { lines: n * rows, h, w, oh, ow, c, top, left, value: bitsOf(value, plane.dtype) };
  return { wide, use: { params, constants: { MODE: padModes.indexOf(mode) }, workgroups: lineGroups(columns * c, n * rows, out.shape) } };
}

export function lowerPad2d(low: Lowering, { x }: { x: Operand }, { out }: { out: Operand }, o: Pad2dParams): void {
  const { wide, use: how } = use(low, x, out, out, o);
  low.run(wide ? forward4({ bindings: { x4: x, out4: out }, ...how }) : forward({ bindings: { x, out }, ...how }));
}

export function lowerPad2dGradient(low: Lowering, { grad }: { grad: Operand }, { out }: { out: Operand }, o: Pad2dParams): void {
  const { wide, use: how } = use(low, out, grad, out, o);
  low.run(wide ? gradient4({ bindings: { grad4: grad, slope4: out }, ...how }) : gradient({ bindings: { grad, slope: out }, ...how }));
}
