import { defineKernel } from "../runtime/kernel.js";
import { sizeOf } from "../runtime/shape.js";
import type { Conv2dInputs, Conv2dParams } from "./conv2d.js";
import { fill4, packGradientWeight, packWeight } from "./conv2d-pack.js";
import { activationCode } from "./epilogue.js";
import { channelSlice, type Lowering, type Operand } from "./lowering.js";
import { storable, storeVec4s, withChannels, workgroup } from "./vec4-maps.js";
import multiplierShader from "./wgsl/depthwise-conv2d-multiplier.js";
import shader from "./wgsl/depthwise-conv2d.js";
import transposedShader from "./wgsl/depthwise-conv2d-input-gradient.js";

const forward = defineKernel(shader, "forward");
const forwardResidual = defineKernel(shader, "forward_residual");
const transposed = defineKernel(transposedShader, "transposed");
const transposedResidual = defineKernel(transposedShader, "transposed_residual");
const repeat = defineKernel(multiplierShader, "repeat");
const fold = defineKernel(multiplierShader, "fold");

type Four = [number, number, number, number];
type Pair = readonly [number, number];

const both = (make: (axis: 0 | 1) => number): [number, number] => [make(0), make(1)];
const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Threads that keep a CPU busy, or a GPU: strips of rows are made shorter until there are as many. */
const enough = ({ adapter }: Lowering): number => (adapter.software ? 512 : 32768);

/** Output rows of a thread: each begins a few rows in vain, so that short strips are dear. */
const [SHORTEST, LONGEST] = [4, 32];

/** How the outputs of a convolution fall to threads that slide along x and down: see the head of depthwise-conv2d.wgsl. */
export interface Sliding {
  /** Neighbouring rows and columns of a thread are this many outputs apart. */
  readonly step: Pair;
  /** Neighbouring rows and columns of a thread are this many dilations apart in x. */
  readonly stride: Pair;
  readonly rows: number;
  readonly strips: number;
  readonly tiles: number;
}

/**
 * @param size     [rows, columns] of the output
 * @param columns  columns of a thread
 * @param repeats  threads of one strip and tile: images times vec4s of channels, times what else falls to different threads
 */
export function slidingOver(low: Lowering, size: Pair, { stride, dilation }: Pick<Conv2dParams, "stride" | "dilation">, columns: number, repeats: number): Sliding {
  const common = both((axis) => divisor(stride[axis], dilation[axis]));
  const step = both((axis) => dilation[axis] / common[axis]!);
  // Of a dilation beyond the map, every row and column stands alone.
  const [down, across] = both((axis) => Math.min(step[axis]!, size[axis]));
  const tiles = across * Math.ceil(Math.ceil(size[1] / step[1]) / columns);
  const longest = Math.ceil(size[0] / step[0]);
  const pieces = Math.max(Math.ceil(longest / LONGEST), Math.min(Math.ceil(longest / SHORTEST), Math.ceil(enough(low) / (repeats * tiles * down))));
  const rows = Math.ceil(longest / pieces);
  return { step, stride: both((axis) => stride[axis] / common[axis]!), rows, strips: down * Math.ceil(longest / rows), tiles };
}

/**
 * Columns of a thread, and vec4s of x that they need; undefined for kernels, strides and dilations too large to be unrolled.
 * With more columns, sums and weights would leave the registers of a GPU and the instruction cache of a CPU; strides of 3 and
 * more share little, and software adapters compile their many loads for seconds. 3×3 of stride 2 takes a CPU 0.6 of the time with
 * two columns, its weight gradient half; a stride of 1 and 5×5 gain nothing.
 */
export function columnsOf({ adapter }: Lowering, [kh, kw]: Pair, { stride, dilation }: Pick<Conv2dParams, "stride" | "dilation">): { TX: number; WINDOW: number } | undefined {
  const [SY, SX] = both((axis) => stride[axis] / divisor(stride[axis], dilation[axis]));
  const TX = SX > 2 || (adapter.software && SX === 2 && kw <= 3) ? 2 : 4;
  const WINDOW = (TX - 1) * SX + kw;
  return kh * kw <= 49 && WINDOW <= 16 && SY <= 8 ? { TX, WINDOW } : undefined;
}

/** Whether a thread holds something for every tap: a CPU's stack is as near as its registers, a GPU has 9 taps' room. A test may force "depthwise:lean" threads. */
export const holdsTaps = ({ adapter }: Lowering, taps: number): boolean => adapter.variant !== "depthwise:lean" && (adapter.software || taps <= 9);

/** Whether no two channels mix, and there are several. An output channel may share its channel of x with others. */
export const isDepthwise = (weight: Operand, { groups }: Conv2dParams): boolean => groups > 1 && weight.shape[3] === 1;

export const filled4 = (low: Lowering, map: Operand): Operand => (map.shape.at(-1)! % 4 === 0 ? map : withChannels(low, map, fill4(map.shape.at(-1)!)));

/** What `repeated` makes of x. */
export const repeatedShape = (x: Operand, weight: Operand): Operand => ({ ...x, shape: [...x.shape.slice(0, -1), weight.shape[0]!] });

/** x with every channel repeated as often as there are output channels of it, and filled up to whole vec4s. */
export function repeated(low: Lowering, x: Operand, channels: number): Operand {
  const [n, h, w, width] = x.shape as Four;
  if (channels === width) return filled4(low, x);
  const wide = fill4(channels) / 4;
  const out4 = low.temp([n, h, w, wide * 4]);
  const total = n * h * w * wide;
  low.run(repeat({ bindings: { x, out4 }, params: { total, width, wide, m: channels / width, out_stride: 0, out_offset: 0 }, threads: total }));
  return out4;
}

/** A convolution of stride and dilation `o`, whose first row and column start `top` and `left` before x. */
function slide(low: Lowering, { x, weight, residual }: Conv2dInputs, out: Operand, o: Conv2dParams, [top, left]: Pair, pack: () => Operand): boolean {
  const [n, oh, ow, width] = out.shape as unknown as Four;
  const [, h, w] = x.shape as Four;
  const [, kh, kw] = weight.shape as Four;
  const columns = columnsOf(low, [kh, kw], o);
  if (!columns) return false;
  const c4 = fill4(width) / 4;
  const { step, stride: [SY, SX], rows, strips, tiles } = slidingOver(low, [oh, ow], o, columns.TX, n * c4);
  const total = n * strips * tiles * c4;
  const bindings = { x: repeated(low, x, width), packed: pack() };
  const added = residual && filled4(low, residual);
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: {
        total, h, w, oh, ow, c4, top: top >>> 0, left: left >>> 0, sh: o.stride[0], sw: o.stride[1], dh: o.dilation[0], dw: o.dilation[1],
        step_y: step[0], step_x: step[1], strips, tiles, rows, out_stride, out_offset, activation: activationCode(o.activation),
      },
      constants: { WG: workgroup(low), ...columns, KH: kh, KW: kw, TAPS: kh * kw, SY, SX, LIVE: Math.ceil(kh / SY), ROWS: Math.min(SY, kh), KEEP: holdsTaps(low, kh * kw) ? 1 : 0 },
      threads: total,
      flops: 2 * sizeOf(out.shape) * kh * kw,
    };
    low.run(added ? forwardResidual({ ...use, bindings: { ...bindings, out: target, residual: added } }) : forward({ ...use, bindings: { ...bindings, out: target } }));
  });
  return true;
}

/** conv2d with groups = channels; false when these kernels do not apply. */
export function depthwiseConv2d(low: Lowering, inputs: Conv2dInputs, out: Operand, o: Conv2dParams): boolean {
  if (!isDepthwise(inputs.weight, o) || sizeOf(out.shape) === 0 || !storable(low, out) || !storable(low, repeatedShape(inputs.x, inputs.weight))) return false;
  return slide(low, inputs, out, o, [o.padding[0], o.padding[2]], () => packWeight(low, { weight: inputs.weight, bias: inputs.bias, depth: 1 }));
}

/** The input gradient of a depthwise conv2d, and the transposed depthwise convolution; false when these kernels do not apply. */
export function depthwiseInputGradient(low: Lowering, { grad, weight, bias, residual }: Omit<Conv2dInputs, "x"> & { grad: Operand }, out: Operand, o: Conv2dParams): boolean {
  if (!isDepthwise(weight, o) || sizeOf(out.shape) === 0 || sizeOf(grad.shape) === 0 || !storable(low, repeatedShape(out, weight)) || !storable(low, grad)) return false;
  const dense = o.stride[0] === 1 && o.stride[1] === 1;
  const kernel: Pair = [weight.shape[1]!, weight.shape[2]!];
  if (!(dense ? columnsOf(low, kernel, o) : blocksOf(kernel, o))) return false;
  const channels = weight.shape[0]!;
  if (channels !== out.shape[3]) {
    if (bias || residual || o.activation !== "none") return false;
    const each = low.temp(repeatedShape(out, weight).shape);
    depthwiseInputGradient(low, { grad, weight }, each, { ...o, groups: channels });
    const { stride, offset } = channelSlice(out);
    const [total, wide] = [sizeOf(out.shape), out.shape[3]!];
    low.run(fold({ bindings: { x: each, out }, params: { total, width: channels, wide, m: channels / wide, out_stride: stride, out_offset: offset }, threads: total }));
    return true;
  }
  const { dilation: [dh, dw], padding: [top, , left] } = o;
  const [, kh, kw] = weight.shape as Four;
  const pack = (mirror: boolean): Operand => packGradientWeight(low, { weight, bias, depth: 1, width: out.shape[3]!, k: 1, mirror });
  if (dense) return slide(low, { x: grad, weight, residual }, out, o, [dh * (kh - 1) - top, dw * (kw - 1) - left], () => pack(true));
  return gather(low, { x: grad, weight, residual }, out, o, () => pack(false));
}

/** Sums of a thread of depthwise-conv2d-input-gradient.wgsl, at least. */
const TILE = 8;

/** Blocks of columns of a thread, and columns of grad that the taps reach back; undefined when code or registers would be too many. */
function blocksOf([, kw]: Pair, { stride: [, sw], dilation: [, dw] }: Pick<Conv2dParams, "stride" | "dilation">): { TX: number; SPAN: number } | undefined {
  const [TX, SPAN] = [Math.ceil(TILE / sw), Math.ceil(((kw - 1) * dw) / sw)];
  return kw * sw <= 64 && sw <= 16 && TX + SPAN <= 16 ? { TX, SPAN } : undefined;
}

function gather(low: Lowering, { x: grad, weight, residual }: Conv2dInputs, out: Operand, o: Conv2dParams, pack: () => Operand): boolean {
  const [n, h, w, width] = out.shape as unknown as Four;
  const [, gh, gw] = grad.shape as Four;
  const [, kh, kw] = weight.shape as Four;
  const { stride: [sh, sw], dilation: [dh, dw], padding: [top, , left] } = o;
  const blocks = blocksOf([kh, kw], o);
  if (!blocks) return false;
  const c4 = fill4(width) / 4;
  const tiles = Math.ceil((Math.floor((w - 1 + left) / sw) - Math.floor(left / sw) + 1) / blocks.TX);
  const total = n * h * tiles * c4;
  const bindings = { grad: filled4(low, grad), packed: pack() };
  const added = residual && filled4(low, residual);
  storeVec4s(low, out, (target, out_stride, out_offset) => {
    const use = {
      params: { total, tiles, h, w, gh, gw, c4, top, left, out_stride, out_offset, activation: activationCode(o.activation) },
      constants: { WG: workgroup(low), KH: kh, SH: sh, DH: dh, KW: kw, SW: sw, DW: dw, ...blocks, TILE: blocks.TX * sw, WINDOW: blocks.TX + blocks.SPAN },
      threads: total,
      flops: 2 * sizeOf(grad.shape) * kh * kw,
    };
    low.run(added ? transposedResidual({ ...use, bindings: { ...bindings, out: target, residual: added } }) : transposed({ ...use, bindings: { ...bindings, out: target } }));
  });
  return true;
}
