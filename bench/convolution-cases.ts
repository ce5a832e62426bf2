import { conv2d } from "../src/ops/conv2d.js";
import { convTranspose2d } from "../src/ops/conv-transpose2d.js";
import { gradients } from "../src/ops/gradients.js";
import type { Tensor } from "../src/graph/tensor.js";
import type { Case } from "./harness.js";
import { operatorCase, type Plain } from "./operator.js";

/** A square "same" convolution of stride 1. */
interface Convolution {
  readonly kernel: number;
  readonly dilation: number;
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

type At = readonly number[];

const padding = ({ kernel, dilation }: Convolution): number => (dilation * (kernel - 1)) / 2;
const options = (o: Convolution): { padding: number; dilation: number } => ({ padding: padding(o), dilation: o.dilation });
const flops = ({ kernel, from, to, size }: Convolution): number => 2 * kernel ** 2 * from * to * size ** 2;
const name = ({ kernel, dilation, from, to, size }: Convolution): string => `conv ${kernel}x${kernel}${dilation > 1 ? ` d${dilation}` : ""} ${from}-${to} @${size}`;

const value = ({ shape, data }: Plain, at: At): number => data[at.reduce((index, i, axis) => index * shape[axis]! + i, 0)]!;

/** Σ over kernel positions of `term(ky, kx, y', x')`, where (y', x') is (y, x) moved by the position, if it is in the image. */
function overKernel(o: Convolution, y: number, x: number, direction: 1 | -1, term: (ky: number, kx: number, py: number, px: number) => number): number {
  let sum = 0;
  for (let ky = 0; ky < o.kernel; ky++)
    for (let kx = 0; kx < o.kernel; kx++) {
      const py = y + direction * (ky * o.dilation - padding(o));
      const px = x + direction * (kx * o.dilation - padding(o));
      if (py >= 0 && py < o.size && px >= 0 && px < o.size) sum += term(ky, kx, py, px);
    }
  return sum;
}

function total(n: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += term(i);
  return sum;
}

const shapes = ({ kernel, from, to, size }: Convolution): { x: At; weight: At; grad: At } => ({ x: [1, size, size, from], weight: [to, kernel, kernel, from], grad: [1, size, size, to] });

/** Arguments that only give a shape are bound all the same: a gradient's forward pass is dead code, and its input never read. */
const gradientOf = (o: Convolution, which: "x" | "weight") => ({ x, weight, grad }: Record<string, Tensor<"f32">>): Tensor => gradients(conv2d(x!, weight!, options(o)), [which === "x" ? x! : weight!], grad!)[0]!;

const forward = (o: Convolution): Case => operatorCase({
  name: name(o), flops: flops(o), count: "2·k²·in·out·pixels",
  inputs: { x: shapes(o).x, weight: shapes(o).weight },
  run: ({ x, weight }) => conv2d(x!, weight!, options(o)),
  reference: ({ x, weight }, [, y, column, c]) => overKernel(o, y!, column!, 1, (ky, kx, py, px) => total(o.from, (i) => value(x!, [0, py, px, i]) * value(weight!, [c!, ky, kx, i]))),
});

const inputGradient = (o: Convolution): Case => operatorCase({
  name: `${name(o)} input gradient`, flops: flops(o), count: "2·k²·in·out·pixels",
  inputs: shapes(o),
  run: gradientOf(o, "x"),
  reference: ({ weight, grad }, [, y, column, i]) => overKernel(o, y!, column!, -1, (ky, kx, py, px) => total(o.to, (c) => value(grad!, [0, py, px, c]) * value(weight!, [c, ky, kx, i!]))),
});

const weightGradient = (o: Convolution): Case => operatorCase({
  name: `${name(o)} weight gradient`, flops: flops(o), count: "2·k²·in·out·pixels",
  inputs: shapes(o),
  run: gradientOf(o, "weight"),
  reference: ({ x, grad }, [c, ky, kx, i]) => total(o.size ** 2, (pixel) => {
    const [y, column] = [Math.floor(pixel / o.size), pixel % o.size];
    const py = y + ky! * o.dilation - padding(o);
    const px = column + kx! * o.dilation - padding(o);
    return py >= 0 && py < o.size && px >= 0 && px < o.size ? value(x!, [0, py, px, i!]) * value(grad!, [0, y, column, c!]) : 0;
  }),
});

const transposed = (from: number, to: number, size: number): Case => operatorCase({
  name: `transposed conv 2x2 s2 ${from}-${to} @${size}`, flops: 8 * from * to * size ** 2, count: "2·k²·in·out·input pixels",
  inputs: { x: [1, size, size, from], weight: [from, 2, 2, to] },
  run: ({ x, weight }) => convTranspose2d(x!, weight!, { stride: 2 }),
  reference: ({ x, weight }, [, y, column, c]) => total(from, (i) => value(x!, [0, y! >> 1, column! >> 1, i]) * value(weight!, [i, y! % 2, column! % 2, c!])),
});

const square = { kernel: 3, dilation: 1, from: 64, to: 64, size: 128 };

export const convolutionCases: readonly Case[] = [
  forward(square),
  forward({ kernel: 3, dilation: 2, from: 256, to: 256, size: 32 }),
  forward({ kernel: 1, dilation: 1, from: 512, to: 256, size: 64 }),
  transposed(128, 64, 32),
  inputGradient(square),
  weightGradient(square),
];
