import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dParams } from "./conv2d.js";
import { addChunks } from "./conv2d-direct-weight-gradient.js";
import { fill4 } from "./conv2d-pack.js";
import { tileFor, tileGrid, tilesToFill, tileWorkgroups, type Tile, type Work } from "./gemm-tiles.js";
import type { Lowering, Operand } from "./lowering.js";
import { fits, withChannels } from "./vec4-maps.js";
import shader from "./wgsl/conv2d-tiled-weight-gradient.js";

const partial = defineKernel(shader, "partial");

type Four = [number, number, number, number];

/** Waves of workgroups that chunks of pixels are to make: with one, an uneven rest would leave half of an adapter idle. */
const WAVES = 4;

/** Pixels that a chunk has at least, where there are as many: fewer would cost more in sums that are written and read again. */
const SHORTEST_CHUNK = 256;

/** The weight gradient of conv2d in tiles; false when these kernels do not apply or are not wanted. */
export function tiledWeightGradient(low: Lowering, x: Operand, grad: Operand, out: Operand, o: Conv2dParams): boolean {
  const [n, h, w, c] = x.shape as Four;
  const [, oh, ow, width] = grad.shape as Four;
  const [, kh, kw, cg] = out.shape as Four;
  const { stride: [sh, sw], dilation: [dh, dw], groups } = o;
  if (groups > 1 && (cg % 4 !== 0 || (width / groups) % 4 !== 0)) return false;
  if (sizeOf(x.shape) === 0 || sizeOf(grad.shape) === 0) return false;
  const [wide, deep, pixels] = [fill4(width), fill4(cg), n * oh * ow];
  if ((c % 4 !== 0 && !fits(low, n * h * w * fill4(c))) || (width % 4 !== 0 && !fits(low, pixels * wide))) return false;
  const columns = kh * kw * deep;
  // Weights near the size of a binding leave no room for several sums of them.
  const bindable = Math.max(1, Math.floor(low.adapter.limits.maxStorageBufferBindingSize / (4 * wide * columns)));

  /** How many chunks, and the pixels of one: whole tiles of k. */
  const chunking = (tile: Tile): { chunks: number; per_chunk: number } => {
    const tiles = Math.ceil(wide / groups / tile.m) * Math.ceil(columns / tile.n) * groups;
    const wanted = Math.min(bindable, Math.ceil((WAVES * tilesToFill(tile, low)) / tiles), Math.ceil(pixels / SHORTEST_CHUNK));
    const step = tile.k * tile.slices;
    const per_chunk = Math.ceil(pixels / wanted / step) * step;
    return { chunks: Math.ceil(pixels / per_chunk), per_chunk };
  };
  const workOf = (tile: Tile): Work => {
    const { chunks, per_chunk } = chunking(tile);
    return { m: wide / groups, n: columns, k: per_chunk, planes: groups * chunks };
  };
  const tile = tileFor(low, workOf, "columns");
  if (!tile) return false;
  const { chunks, per_chunk } = chunking(tile);

  const filled = c % 4 !== 0 || width % 4 !== 0;
  const sums = filled || chunks > 1 ? low.temp([chunks, wide, kh * kw, deep]) : out;
  const { steps: _, ...grid } = tileGrid(workOf(tile), tile);
  const dense = [kh, kw, sh, sw].every((size) => size === 1) && o.padding[0] === 0 && o.padding[2] === 0 && oh === h && ow === w;
  low.run(partial({
    bindings: { x: c % 4 === 0 ? x : withChannels(low, x, fill4(c)), grad: width % 4 === 0 ? grad : withChannels(low, grad, wide), sums },
    params: {
      ...grid, groups, pixels, per_chunk, h, w, oh, ow, c4: fill4(c) / 4, cg4: deep / 4, o4: wide / 4, group4: wide / 4 / groups,
      top: o.padding[0], left: o.padding[2], kh, kw, sh, sw, dh, dw,
    },
    constants: { ...tile.constants, DENSE: dense ? 1 : 0 },
    workgroups: tileWorkgroups(grid),
    flops: 2 * sizeOf(grad.shape) * kh * kw * cg,
  }));
  if (sums !== out) addChunks(low, sums, out);
  return true;
}
