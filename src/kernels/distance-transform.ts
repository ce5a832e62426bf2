import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/distance-transform.js";

const columns = defineKernel(shader, "columns");
const barren = defineKernel(shader, "barren");
const rows = defineKernel(shader, "rows");
const rowsSpaced = defineKernel(shader, "rows_spaced");
const rowsClear = defineKernel(shader, "rows_clear");

export interface DistanceTransformParams {
  readonly signed: boolean;
  readonly squared: boolean;
  /** Between rows, between columns. */
  readonly spacing: readonly [number, number];
}

export function lowerDistanceTransform(low: Lowering, { mask }: { mask: Operand }, { out }: { out: Operand }, { signed, squared, spacing: [sy, sx] }: DistanceTransformParams): void {
  const [n = 0, h = 0, w = 0, channels = 1] = mask.shape;
  const total = sizeOf(mask.shape);
  if (total === 0) return;
  const field = low.temp(mask.shape, "u32");
  const params = { h, w, columns: n * w * channels, rows: n * h * channels, total, sy, sx };
  const constants = { C: channels, MODE: mask.dtype === "u8" ? 1 : mask.dtype === "f32" ? 2 : 0, SIGNED: signed ? 1 : 0, SQUARED: squared ? 1 : 0 };
  low.run(columns({ bindings: { mask, field }, params, constants, threads: params.columns }));
  const use = { params, constants, threads: total };
  const square = sy === 1 && sx === 1;
  if (square && low.adapter.variant === "clear") {
    low.run(rowsClear({ bindings: { lines: field, out }, ...use }));
    return;
  }
  const flags = low.temp([params.rows], "u32");
  low.run(barren({ bindings: { lines: field, flags }, ...use, threads: params.rows }));
  const bindings = { lines: field, is_barren: flags, out };
  low.run(square ? rows({ bindings, ...use }) : rowsSpaced({ bindings, ...use }));
}
