import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import { TILE, flopsOf, type Four, type Geometry } from "./conv2d-geometry.js";
import { fill4 } from "./conv2d-pack.js";
import { activationCode } from "./epilogue.js";
import type { Lowering, Operand } from "./lowering.js";
import { fits, storeVec4s, workgroup } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-columns.js";

const spread = defineKernel(shader, "spread");
const spread4 = defineKernel(shader, "spread4");
const forward = defineKernel(shader, "forward");
const forwardResidual = defineKernel(shader, "forward_residual");

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

/** The convolution with rows of pixels side by side; false where it is not the faster choice, or its scratch cannot be bound. */
export function convolveColumns(low: Lowering, out: Operand, g: Geometry): boolean {
  const tile = columnTile(low, g);
  const [n, oh, ow, width] = g.shape;
  const [, h, w, c] = g.x.shape as Four;
  if (!tile || !fits(low, n * h * c * rowOf(g, tile) * 4)) return false;
  const o4 = fill4(width) / 4;
  const tiles = Math.ceil(ow / tile.pixels);
  const row4 = rowOf(g, tile);
  const packed = g.pack();
  const columns = low.temp([n, h, c, row4 * 4]);
  const total = (n * oh * tiles * o4) / tile.quads;
  const params = {
    total, h, w, oh, ow, c, cg: c / g.groups, row4, o4, group4: o4 / g.groups, top: g.top >>> 0, left: g.left >>> 0, out_stride: 0, out_offset: 0,
    kh: g.kernel[0], sh: g.stride[0], dh: g.dilation[0], activation: activationCode(g.activation),
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
    low.run(g.residual ? forwardResidual({ ...use, bindings: { ...bindings, residual: g.residual } }) : forward({ ...use, bindings }));
  });
  return true;
}
