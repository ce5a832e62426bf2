import type { Tensor } from "../src/graph/tensor.js";
import { avgPool2d } from "../src/ops/avg-pool2d.js";
import { batchNormTrain } from "../src/ops/batch-norm2d.js";
import { concat } from "../src/ops/concat.js";
import { crossEntropy } from "../src/ops/cross-entropy.js";
import { gradients } from "../src/ops/gradients.js";
import { maxPool2d, maxPool2dWithIndices } from "../src/ops/max-pool2d.js";
import { maxUnpool2d } from "../src/ops/max-unpool2d.js";
import { add, full, relu } from "../src/ops/pointwise.js";
import { pyramidPool2d } from "../src/ops/pyramid-pool2d.js";
import { resize } from "../src/ops/resize.js";
import { softmax } from "../src/ops/softmax.js";
import { adamCase } from "./adam-case.js";
import type { Case } from "./harness.js";
import { operatorCase, type OperatorCase, type Plain } from "./operator.js";
import { batchStatistics, linearTaps, meanLoss } from "./operator-references.js";

const bytes = (...elements: number[]): number => 4 * elements.reduce((a, b) => a + b, 0);

const pixel = ({ shape, data }: Plain, y: number, x: number, c: number): number => data[(y * shape[2]! + x) * shape[3]! + c]!;

const sum = (n: number, term: (i: number) => number): number => Array.from({ length: n }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

/** What memory bounds. */
const memoryBound = (about: Omit<OperatorCase, "flops" | "count">): Case => operatorCase({ ...about, flops: 0, count: "memory bound" });

/** The four pixels of a 2×2 window. */
const quad = (x: Plain, y: number, column: number, c: number): number[] => [0, 1, 2, 3].map((k) => pixel(x, 2 * y + (k >> 1), 2 * column + (k % 2), c));

const plane = 128 ** 2 * 64;

const maxPool = memoryBound({
  name: "max-pool 2x2 64 @128", bytes: bytes(plane, plane / 4), spec: { kind: "maxPool2d", kernel: 2 },
  inputs: { x: [1, 128, 128, 64] },
  run: ({ x }) => maxPool2d(x!, { kernelSize: 2 }),
  reference: ({ x }, [, y, column, c]) => Math.max(...quad(x!, y!, column!, c!)),
});

const unpool = memoryBound({
  name: "max-pool and unpool 2x2 64 @128", bytes: bytes(plane, plane), spec: { kind: "maxUnpool2d", kernel: 2 },
  inputs: { x: [1, 128, 128, 64] },
  run: ({ x }) => {
    const { out, indices } = maxPool2dWithIndices(x!, { kernelSize: 2 });
    return maxUnpool2d(out, indices, { kernelSize: 2 });
  },
  reference: ({ x }, [, y, column, c]) => {
    const own = pixel(x!, y!, column!, c!);
    return own === Math.max(...quad(x!, y! >> 1, column! >> 1, c!)) ? own : 0;
  },
});

const avgPool = memoryBound({
  name: "avg-pool 2x2 64 @128", bytes: bytes(plane, plane / 4), spec: { kind: "avgPool2d", kernel: 2 },
  inputs: { x: [1, 128, 128, 64] },
  run: ({ x }) => avgPool2d(x!, { kernelSize: 2 }),
  reference: ({ x }, [, y, column, c]) => quad(x!, y!, column!, c!).reduce((a, b) => a + b) / 4,
});

const bins = [1, 2, 3, 6];

const pyramid = memoryBound({
  name: "pyramid pooling 1,2,3,6 512 @60", bytes: bytes(60 ** 2 * 512, 50 * 512), spec: { kind: "pyramidPool2d", bins },
  inputs: { x: [1, 60, 60, 512] },
  run: ({ x }) => pyramidPool2d(x!, { bins }),
  reference: ({ x }, [, y, column, c], level) => {
    const size = 60 / bins[level]!;
    return sum(size, (i) => sum(size, (j) => pixel(x!, y! * size + i, column! * size + j, c!))) / size ** 2;
  },
});

const batchNormForward = memoryBound({
  name: "batch norm training 64 @128", bytes: bytes(2 * plane, plane), spec: { kind: "batchNorm2d", direction: "forward" },
  inputs: { x: [1, 128, 128, 64], gamma: [64], beta: [64] },
  run: ({ x, gamma, beta }) => batchNormTrain(x!, gamma!, beta!).out,
  reference: ({ x, gamma, beta }, [, y, column, c]) => {
    const { mean, scale } = batchStatistics(x!, c!);
    return (pixel(x!, y!, column!, c!) - mean) * scale * gamma!.data[c!]! + beta!.data[c!]!;
  },
});

const batchNormGradients = memoryBound({
  name: "batch norm training gradients 64 @128", bytes: bytes(4 * plane, plane), spec: { kind: "batchNorm2d", direction: "gradients" },
  inputs: { x: [1, 128, 128, 64], gamma: [64], beta: [64], grad: [1, 128, 128, 64] },
  run: ({ x, gamma, beta, grad }) => gradients(batchNormTrain(x!, gamma!, beta!).out, [x!, gamma!, beta!], grad!),
  reference: ({ x, gamma, grad }, at, output) => {
    const c = at.at(-1)!;
    const { mean, scale, products, plain } = batchStatistics(x!, c, grad);
    if (output > 0) return output === 1 ? products : plain;
    const n = x!.data.length / 64;
    const normal = (pixel(x!, at[1]!, at[2]!, c) - mean) * scale;
    return gamma!.data[c]! * scale * (pixel(grad!, at[1]!, at[2]!, c) - plain / n - (normal * products) / n);
  },
});

const [small, large] = [[1, 64, 64, 21], [1, 512, 512, 21]] as const;
const logits = 512 ** 2 * 21;

const bilinear = memoryBound({
  name: "bilinear x8 21 @64", bytes: bytes(64 ** 2 * 21, logits), spec: { kind: "resize", scale: 8, direction: "forward" },
  inputs: { x: small },
  run: ({ x }) => resize(x!, { size: 512 }),
  reference: ({ x }, [, y, column, c]) => linearTaps(y!, 8, 64).reduce((total, [row, wy]) => total + linearTaps(column!, 8, 64).reduce((inner, [at, wx]) => inner + wy * wx * pixel(x!, row, at, c!), 0), 0),
});

const bilinearGradient = memoryBound({
  name: "bilinear x8 21 @64 gradient", bytes: bytes(logits, 64 ** 2 * 21), spec: { kind: "resize", scale: 8, direction: "gradient" },
  inputs: { x: small, grad: large },
  run: ({ x, grad }) => gradients(resize(x!, { size: 512 }), [x!], grad!)[0]!,
  reference: ({ grad }, [, y, column, c]) => {
    const weights = (at: number): [number, number][] => Array.from({ length: 512 }, (_, d): [number, number] => [d, linearTaps(d, 8, 64).reduce((w, [i, part]) => w + (i === at ? part : 0), 0)]).filter(([, w]) => w > 0);
    return weights(y!).reduce((total, [row, wy]) => total + weights(column!).reduce((inner, [at, wx]) => inner + wy * wx * pixel(grad!, row, at, c!), 0), 0);
  },
});

/** exp of each class over their sum. */
function probability(x: Plain, y: number, column: number, c: number): number {
  const exponentials = Array.from({ length: 21 }, (_, k) => Math.exp(pixel(x, y, column, k)));
  return exponentials[c]! / exponentials.reduce((a, b) => a + b, 0);
}

const classProbabilities = memoryBound({
  name: "softmax 21 @512", bytes: bytes(2 * logits), spec: { kind: "softmax" },
  inputs: { x: large },
  run: ({ x }) => softmax(x!),
  reference: ({ x }, [, y, column, c]) => probability(x!, y!, column!, c!),
});

const entropy = memoryBound({
  name: "cross-entropy and gradient 21 @512", bytes: bytes(2 * logits, 512 ** 2), spec: { kind: "crossEntropy" },
  inputs: { logits: large, labels: { shape: [1, 512, 512], below: 21 } },
  run: ({ logits: x, labels }) => {
    const loss = crossEntropy(x!, labels as Tensor);
    return [loss, gradients(loss, [x!], full(loss.shape, 1))[0]!];
  },
  reference: ({ logits: x, labels }, [, y, column, c], output) => {
    if (output === 0) return meanLoss(x!, labels!);
    return (probability(x!, y!, column!, c!) - (labels!.data[y! * 512 + column!] === c ? 1 : 0)) / 512 ** 2;
  },
});

const join = memoryBound({
  name: "concat 64+64 @128", bytes: bytes(4 * plane), spec: { kind: "concat" },
  inputs: { a: [1, 128, 128, 64], b: [1, 128, 128, 64] },
  run: ({ a, b }) => concat([a!, b!]),
  reference: ({ a, b }, [, y, column, c]) => (c! < 64 ? pixel(a!, y!, column!, c!) : pixel(b!, y!, column!, c! - 64)),
});

const residual = memoryBound({
  name: "add and relu 256 @64", bytes: bytes(3 * 64 ** 2 * 256), spec: { kind: "addRelu" },
  inputs: { a: [1, 64, 64, 256], b: [1, 64, 64, 256] },
  run: ({ a, b }) => relu(add(a!, b!)),
  reference: ({ a, b }, [, y, column, c]) => Math.max(0, pixel(a!, y!, column!, c!) + pixel(b!, y!, column!, c!)),
});

export const operatorCases: readonly Case[] = [
  maxPool, unpool, avgPool, pyramid, batchNormForward, batchNormGradients, bilinear, bilinearGradient, classProbabilities, entropy, join, residual, adamCase,
];
