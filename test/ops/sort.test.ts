import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { argsort, sort, type SortOptions } from "../../src/ops/sort.js";
import * as reference from "../reference/sort.js";
import type { NdArray } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp, type OpCase } from "../support/test-op.js";

const distinct = (...shape: number[]) => ({ shape, distinct: true });
const numbers = (values: number[], dtype: "f32" | "i32" | "u32" = "f32") => ({ shape: [values.length], values, dtype });

const cases: OpCase<{ x: NdArray }, SortOptions>[] = [
  { x: distinct(7, 300) },
  { x: distinct(300), options: { descending: true } },
  { x: distinct(5, 21) },
  { x: distinct(2, 3, 5, 21), options: { descending: true } },
  { x: distinct(3, 17, 5), options: { axis: 1 } },
  { x: distinct(2, 150, 3, 2), options: { axis: 1, descending: true } },
  { x: distinct(130, 4), options: { axis: 0 } },
  { x: { ...distinct(3, 1300), gradient: false } },
  { x: distinct(6, 1), name: "lines of one element" },
  { x: distinct(1) },
  { x: [3, 0], name: "empty lines" },
  { x: [0, 3], name: "no lines" },
  { x: { shape: [4, 500], dtype: "u32", low: 0, high: 9 }, name: "ties keep their order" },
  { x: { shape: [4, 500], dtype: "i32", low: -4, high: 4 }, options: { descending: true }, name: "ties keep their order, descending" },
  { x: numbers([3, NaN, -Infinity, 1, Infinity, NaN, -2]), name: "NaN is the largest" },
  { x: numbers([3, NaN, -Infinity, 1, Infinity, NaN, -2]), options: { descending: true }, name: "NaN comes first, descending" },
  { x: { ...numbers([0, -0, 1, -0, 0, -1, 1e-45, -1e-45]), gradient: false }, name: "zeros of both signs are equal" },
  { x: numbers([5, -1, 2147483647, -2147483648, 0, -7], "i32") },
  { x: numbers([5, 4294967295, 2147483647, 2147483648, 0], "u32"), options: { descending: true } },
  { x: { shape: [2, 2000], values: Array.from({ length: 4000 }, (_, i) => Math.sin(i * i) * 2 ** ((i % 25) - 12)), gradient: false }, name: "many magnitudes" },
];

testOp("sort", ({ x }, o: SortOptions) => ({ ...sort(x, o) }), reference.sort, cases, { variants: ["clear", "serial", "group"] });
testOp<{ x: NdArray }, SortOptions>("argsort", ({ x }, o) => argsort(x, o), (inputs, o) => reference.sort(inputs, o).indices, cases.slice(2, 6), { gradients: false, variants: ["clear", "serial", "group"] });

testErrors("sort", [
  ["an axis that does not exist", { x: [2, 5] }, ({ x }) => sort(x!, { axis: 2 }), "sort: x has no axis 2: axes go from -2 to 1.\n  x  [2, 5]"],
  ["a scalar", { x: [] }, ({ x }) => sort(x!), "sort: x has no axis -1: axes go from 0 to -1.\n  x  []"],
  ["bytes", { x: { shape: [3], dtype: "u8" } }, ({ x }) => argsort(x!), 'argsort: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["an unknown option", { x: [3] }, ({ x }) => sort(x!, { decending: true } as never), 'sort: unknown option "decending". Did you mean "descending"? Options: axis, descending.'],
  ["what is no tensor", {}, () => sort([1, 2] as never), "sort: x must be a tensor but is an array. Make one with tensor(device, data, shape)."],
]);

describe("long lines", () => {
  for (const [rows, n] of [[1, 100_000], [3, 33_333], [2000, 150]] as const) {
    test.each([undefined, "serial", "group"])(`${rows} × ${n}, variant %s`, async (variant) => {
      const device = await testDevice();
      const rng = random(`sort ${rows} ${n}`);
      const data = Float32Array.from({ length: rows * n }, () => Math.round(rng.normal() * 1000) / 8);
      device.forceVariant(variant);
      try {
        using x = tensor(device, data, [rows, n]);
        const { values, indices } = sort(x);
        const found = await indices.data();
        const sorted = await values.data();
        values.dispose();
        indices.dispose();
        for (let r = 0; r < rows; r++) {
          const line = data.subarray(r * n, (r + 1) * n);
          const order = Uint32Array.from(line, (_, k) => k).sort((a, b) => line[a]! - line[b]! || a - b);
          expect(found.subarray(r * n, (r + 1) * n).every((v, k) => v === order[k]), `order of line ${r}`).toBe(true);
          expect(sorted.subarray(r * n, (r + 1) * n).every((v, k) => v === line[order[k]!]), `values of line ${r}`).toBe(true);
        }
      } finally {
        device.forceVariant(undefined);
      }
    });
  }
});
