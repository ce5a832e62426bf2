import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/grid-sample.js";

const forward = defineKernel(shader, "forward");
const forward4 = defineKernel(shader, "forward4");
const gridGradient = defineKernel(shader, "grid_gradient");
const taps = defineKernel(shader, "taps");

export interface GridSampleParams {
  readonly mode: "bilinear" | "nearest";
  readonly paddingMode: "zeros" | "border" | "reflection";
  readonly alignCorners: boolean;
}

const PADDING = { zeros: 0, border: 1, reflection: 2 } as const;

/** Pixels of x that an output pixel reads. */
export const tapsOf = ({ mode }: GridSampleParams): number => (mode === "nearest" ? 1 : 4);

function specialise([h = 0, w = 0]: Shape, grid: Shape, channels: number, { mode, paddingMode, alignCorners }: GridSampleParams) {
  const [n = 0, oh = 0, ow = 0] = grid;
  return {
    params: { h, w, pixels: n * oh * ow, plane: oh * ow, channels },
    constants: { NEAREST: Number(mode === "nearest"), PADDING: PADDING[paddingMode], ALIGN: Number(alignCorners) },
  };
}

export function lowerGridSample(low: Lowering, { x, grid }: Record<"x" | "grid", Operand>, { out }: { out: Operand }, o: GridSampleParams): void {
  const channels = x.shape[3]!;
  const threads = sizeOf(out.shape);
  if (threads === 0) return;
  const use = { ...specialise(x.shape.slice(1), grid.shape, channels, o), flops: 8 * threads };
  low.run(vec4Fits(low, channels)
    ? forward4({ bindings: { x4: x, grid, out4: out }, ...use, threads: threads / 4 })
    : forward({ bindings: { x, grid, out }, ...use, threads }));
}

export function lowerGridSampleGridGradient(low: Lowering, { x, grid, grad }: Record<"x" | "grid" | "grad", Operand>, { out }: { out: Operand }, o: GridSampleParams): void {
  const threads = sizeOf(grid.shape) / 2;
  if (threads === 0) return;
  low.run(gridGradient({ bindings: { x, grid, grad, out }, ...specialise(x.shape.slice(1), grid.shape, x.shape[3]!, o), threads, flops: 12 * sizeOf(grad.shape) }));
}

export interface GridSampleTapsParams extends GridSampleParams {
  /** Height and width of x. */
  readonly size: readonly [number, number];
}

export function lowerGridSampleTaps(low: Lowering, { grid, grad }: Record<"grid" | "grad", Operand>, { indices, rows }: Record<"indices" | "rows", Operand>, o: GridSampleTapsParams): void {
  const threads = sizeOf(grid.shape) / 2;
  if (threads === 0) return;
  low.run(taps({ bindings: { grid, grad, indices, rows }, ...specialise(o.size, grid.shape, grad.shape[3]!, o), threads }));
}
