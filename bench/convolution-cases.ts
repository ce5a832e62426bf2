import { conv2d } from "../src/ops/conv2d.js";
import { convTranspose2d } from "../src/ops/conv-transpose2d.js";
import { gradients } from "../src/ops/gradients.js";
import { matmul } from "../src/ops/matmul.js";
import type { Tensor } from "../src/graph/tensor.js";
import type { Case } from "./harness.js";
import { operatorCase, type Plain } from "./operator.js";
import type { Conv2dSpec } from "./spec.js";

/** A convolution with a square kernel, "same" padding where the stride is 1 and half of that kernel where it is not. */
export interface Convolution {
  readonly kernel: number;
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly width?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

type Whole = Required<Convolution> & { readonly padding: number; readonly outHeight: number; readonly outWidth: number };
type At = readonly number[];
type Direction = Conv2dSpec["direction"];

function complete({ kernel, from, to, height, width = height, stride = 1, dilation = 1, groups = 1 }: Convolution): Whole {
  const padding = (dilation * (kernel - 1)) / 2;
  const out = (size: number): number => Math.floor((size - 1) / stride) + 1;
  return { kernel, from, to, height, width, stride, dilation, groups, padding, outHeight: out(height), outWidth: out(width) };
}

const name = ({ kernel, stride, dilation, groups, from, to, height, width }: Whole): string => [
  groups === from && groups > 1 ? "depthwise" : groups > 1 ? `conv groups ${groups}` : "conv", `${kernel}x${kernel}`,
  stride > 1 ? `s${stride}` : "", dilation > 1 ? `d${dilation}` : "", groups === from && groups > 1 ? String(from) : `${from}-${to}`, `@${height === width ? height : `${height}x${width}`}`,
].filter(Boolean).join(" ");

const flops = ({ kernel, from, to, groups, outHeight, outWidth }: Whole): number => 2 * kernel ** 2 * (from / groups) * to * outHeight * outWidth;

const value = ({ shape, data }: Plain, at: At): number => data[at.reduce((index, i, axis) => index * shape[axis]! + i, 0)]!;

function total(n: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += term(i);
  return sum;
}

/** The element of x that output (y, x) reads with tap (ky, kx), or 0 outside. */
function tap({ stride, dilation, padding, height, width }: Whole, x: Plain, [y, column]: At, [ky, kx]: At, channel: number): number {
  const [py, px] = [y! * stride + ky! * dilation - padding, column! * stride + kx! * dilation - padding];
  return py >= 0 && py < height && px >= 0 && px < width ? value(x, [0, py, px, channel]) : 0;
}

const taps = ({ kernel }: Whole, term: (tap: At) => number): number => total(kernel ** 2, (k) => term([Math.floor(k / kernel), k % kernel]));

/** One element of the result, in double precision: the definition, written as slowly as it reads. */
function reference(o: Whole, direction: Direction): (inputs: Record<string, Plain>, at: At) => number {
  const [inPerGroup, outPerGroup] = [o.from / o.groups, o.to / o.groups];
  if (direction === "forward") return ({ x, weight }, [, y, column, c]) => taps(o, (t) => total(inPerGroup, (i) =>
    tap(o, x!, [y!, column!], t, Math.floor(c! / outPerGroup) * inPerGroup + i) * value(weight!, [c!, ...t, i])));
  if (direction === "weight gradient") return ({ x, grad }, [c, ky, kx, i]) => total(o.outHeight * o.outWidth, (pixel) => {
    const at = [Math.floor(pixel / o.outWidth), pixel % o.outWidth];
    return tap(o, x!, at, [ky!, kx!], Math.floor(c! / outPerGroup) * inPerGroup + i!) * value(grad!, [0, ...at, c!]);
  });
  return ({ weight, grad }, [, y, column, i]) => taps(o, ([ky, kx]) => {
    const [py, px] = [(y! + o.padding - ky! * o.dilation) / o.stride, (column! + o.padding - kx! * o.dilation) / o.stride];
    if (!(Number.isInteger(py) && Number.isInteger(px) && py >= 0 && py < o.outHeight && px >= 0 && px < o.outWidth)) return 0;
    const group = Math.floor(i! / inPerGroup);
    return total(outPerGroup, (k) => value(grad!, [0, py, px, group * outPerGroup + k]) * value(weight!, [group * outPerGroup + k, ky!, kx!, i! % inPerGroup]));
  });
}

/** Bytes of some f32 arrays, each read or written once. */
const bytesOf = (shapes: readonly At[]): number => 4 * shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** A convolution, or one of its gradients. Arguments that only give a shape are bound all the same: a gradient's forward pass is dead code, and its input never read. */
export function convolutionCase(convolution: Convolution, direction: Direction = "forward"): Case {
  const o = complete(convolution);
  const { stride, padding, dilation, groups } = o;
  const options = { stride, padding, dilation, groups };
  const shapes = { x: [1, o.height, o.width, o.from], weight: [o.to, o.kernel, o.kernel, o.from / groups], grad: [1, o.outHeight, o.outWidth, o.to] };
  return operatorCase({
    name: direction === "forward" ? name(o) : `${name(o)} ${direction}`, flops: flops(o), count: "2·k²·in·out·pixels, in per group",
    bytes: bytesOf(Object.values(shapes)),
    spec: { kind: "conv2d", ...options, direction },
    inputs: direction === "forward" ? { x: shapes.x, weight: shapes.weight } : shapes,
    run: ({ x, weight, grad }): Tensor => {
      const out = conv2d(x!, weight!, options);
      return direction === "forward" ? out : gradients(out, [direction === "input gradient" ? x! : weight!], grad!)[0]!;
    },
    reference: reference(o, direction),
  });
}

const transposed = (from: number, to: number, size: number): Case => operatorCase({
  name: `transposed conv 2x2 s2 ${from}-${to} @${size}`, flops: 8 * from * to * size ** 2, count: "2·k²·in·out·input pixels",
  bytes: bytesOf([[1, size, size, from], [from, 2, 2, to], [1, 2 * size, 2 * size, to]]), spec: { kind: "convTranspose2d", stride: 2 },
  inputs: { x: [1, size, size, from], weight: [from, 2, 2, to] },
  run: ({ x, weight }) => convTranspose2d(x!, weight!, { stride: 2 }),
  reference: ({ x, weight }, [, y, column, c]) => total(from, (i) => value(x!, [0, y! >> 1, column! >> 1, i]) * value(weight!, [i, y! % 2, column! % 2, c!])),
});

const product = (n: number): Case => operatorCase({
  name: `matmul ${n}`, flops: 2 * n ** 3, count: "2·m·k·n",
  bytes: bytesOf([[n, n], [n, n], [n, n]]), spec: { kind: "matmul" },
  inputs: { a: [n, n], b: [n, n] },
  run: ({ a, b }) => matmul(a!, b!),
  reference: ({ a, b }, [row, column]) => total(n, (k) => value(a!, [row!, k]) * value(b!, [k, column!])),
});

const square: Convolution = { kernel: 3, from: 64, to: 64, height: 128 };
const strided: Convolution = { kernel: 3, from: 128, to: 128, height: 64, stride: 2 };
const point: Convolution = { kernel: 1, from: 512, to: 256, height: 64 };
const atrous = (dilation: number): Convolution => ({ kernel: 3, from: 256, to: 256, height: 32, dilation });

/** A convolution and both its gradients. */
export const allDirections = (convolution: Convolution): Case[] => [convolutionCase(convolution), convolutionCase(convolution, "input gradient"), convolutionCase(convolution, "weight gradient")];

export const convolutionCases: readonly Case[] = [
  product(512), product(1024), { ...product(4096), where: "gpu" },
  ...allDirections(square),
  ...allDirections(strided),
  ...allDirections(atrous(2)),
  convolutionCase(atrous(6)), convolutionCase(atrous(12)),
  ...allDirections(point),
  convolutionCase({ kernel: 1, from: 728, to: 728, height: 48, width: 96 }),
  convolutionCase({ kernel: 7, from: 3, to: 64, height: 256, stride: 2 }),
  ...allDirections({ kernel: 3, from: 256, to: 256, height: 64, groups: 256 }),
  convolutionCase({ kernel: 3, from: 256, to: 256, height: 64, groups: 256, dilation: 2 }),
  transposed(128, 64, 32),
];
