import { topK, type TopKOptions } from "../../src/ops/top-k.js";
import type { NdArray } from "../reference/ndarray.js";
import { sort } from "../reference/sort.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

interface Options extends TopKOptions {
  k: number;
}

const reference = ({ x }: { x: NdArray }, { k, axis, largest = true }: Options) => sort({ x }, { ...(axis === undefined ? {} : { axis }), descending: largest }, k);
const distinct = (...shape: number[]) => ({ shape, distinct: true });

testOp("topK", ({ x }, { k, ...o }: Options) => ({ ...topK(x, k, o) }), reference, [
  { x: distinct(3, 21), options: { k: 5 } },
  { x: distinct(2, 5, 7, 6), options: { k: 2 } },
  { x: distinct(2, 500), options: { k: 17 } },
  { x: distinct(2, 500), options: { k: 3, largest: false } },
  { x: distinct(2, 40, 3), options: { k: 7, axis: 1 } },
  { x: distinct(300, 2), options: { k: 9, axis: 0, largest: false, sorted: false } },
  { x: distinct(4, 6), options: { k: 6 }, name: "all of them" },
  { x: distinct(9), options: { k: 1 } },
  { x: [1], options: { k: 1 } },
  { x: [0, 4], options: { k: 2 }, name: "no lines" },
  { x: { shape: [7], values: [1, NaN, 3, NaN, 2, 3, -Infinity] }, options: { k: 4 }, name: "NaN counts as the largest" },
  { x: { shape: [2, 60], dtype: "u32", low: 0, high: 5 }, options: { k: 20 }, name: "of equal ones the first" },
  { x: { shape: [2, 60], dtype: "i32", low: -5, high: 5 }, options: { k: 20, largest: false } },
], { variants: ["clear", "serial", "group"] });

testErrors("topK", [
  ["more than there are", { x: [2, 5] }, ({ x }) => topK(x!, 6), "topK: k is 6 but axis 1 has 5 elements.\n  x  [2, 5]"],
  ["none", { x: [2, 5] }, ({ x }) => topK(x!, 0), "topK: k must be a whole number of at least 1 but is 0."],
  ["a switch that is none", { x: [2, 5] }, ({ x }) => topK(x!, 1, { largest: "no" as never }), 'topK: largest must be true or false but is "no".'],
  ["an unknown option", { x: [2, 5] }, ({ x }) => topK(x!, 1, { larges: false } as never), 'topK: unknown option "larges". Did you mean "largest"? Options: axis, largest, sorted.'],
]);
