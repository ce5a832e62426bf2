import { maxPool2d } from "../src/ops/max-pool2d.js";
import { resize } from "../src/ops/resize.js";
import { softmax } from "../src/ops/softmax.js";
import type { Case } from "./harness.js";
import { operatorCase, type Plain } from "./operator.js";

const bytes = (...elements: number[]): number => 4 * elements.reduce((a, b) => a + b, 0);

const pixel = ({ shape, data }: Plain, y: number, x: number, c: number): number => data[(y * shape[2]! + x) * shape[3]! + c]!;

const maxPool: Case = {
  ...operatorCase({
    name: "max-pool 2x2 64 @128", flops: 0, count: "memory bound",
    inputs: { x: [1, 128, 128, 64] },
    run: ({ x }) => maxPool2d(x!, { kernelSize: 2 }),
    reference: ({ x }, [, y, column, c]) => Math.max(...[0, 1, 2, 3].map((k) => pixel(x!, 2 * y! + (k >> 1), 2 * column! + (k % 2), c!))),
  }),
  bytes: bytes(128 ** 2 * 64, 64 ** 2 * 64),
};

const bilinear: Case = {
  ...operatorCase({
    name: "bilinear x8 21 @64", flops: 0, count: "memory bound",
    inputs: { x: [1, 64, 64, 21] },
    run: ({ x }) => resize(x!, { size: 512 }),
    reference: ({ x }, [, y, column, c]) => {
      const source = (d: number): [number, number, number] => {
        const at = Math.max(0, (d + 0.5) / 8 - 0.5);
        return [Math.floor(at), Math.min(63, Math.floor(at) + 1), at % 1];
      };
      const [[y0, y1, fy], [x0, x1, fx]] = [source(y!), source(column!)];
      const row = (at: number): number => pixel(x!, at, x0, c!) * (1 - fx) + pixel(x!, at, x1, c!) * fx;
      return row(y0) * (1 - fy) + row(y1) * fy;
    },
  }),
  bytes: bytes(64 ** 2 * 21, 512 ** 2 * 21),
};

const classProbabilities: Case = {
  ...operatorCase({
    name: "softmax 21 @512", flops: 0, count: "memory bound",
    inputs: { x: [1, 512, 512, 21] },
    run: ({ x }) => softmax(x!),
    reference: ({ x }, [, y, column, c]) => {
      const exponentials = Array.from({ length: 21 }, (_, k) => Math.exp(pixel(x!, y!, column!, k)));
      return exponentials[c!]! / exponentials.reduce((a, b) => a + b, 0);
    },
  }),
  bytes: bytes(2 * 512 ** 2 * 21),
};

export const operatorCases: readonly Case[] = [maxPool, bilinear, classProbabilities];
