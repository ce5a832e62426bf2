import { concat, type ConcatOptions } from "../../src/ops/concat.js";
import { pad2d } from "../../src/ops/pad2d.js";
import { resize, type ResizeOptions } from "../../src/ops/resize.js";
import * as reference from "../reference/concat.js";
import type { NdArray } from "../reference/ndarray.js";
import * as frame from "../reference/pad2d.js";
import * as sampling from "../reference/resize.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

type Inputs = { a: NdArray; b?: NdArray; c?: NdArray };

testOp<Inputs, ConcatOptions>("concat", (inputs, o) => concat(Object.values(inputs), o), (inputs, o) => reference.concat(Object.values(inputs), o), [
  { a: [2, 5, 7, 3], b: [2, 5, 7, 4] },
  { a: [1, 4, 6, 8], b: [1, 4, 6, 4], name: "channels by fours" },
  { a: [1, 3, 5, 4], b: [1, 3, 5, 8], c: [1, 3, 5, 12] },
  { a: [1, 3, 5, 1], b: [1, 3, 5, 2], c: [1, 3, 5, 3] },
  { a: [2, 3, 5, 4], b: [1, 3, 5, 4], c: [3, 3, 5, 4], options: { axis: 0 } },
  { a: [1, 2, 3, 5], b: [1, 1, 3, 5], options: { axis: 1 } },
  { a: [2, 3, 5, 4], b: [2, 3, 2, 4], options: { axis: 2 } },
  { a: [2, 3, 5, 3], b: [2, 3, 2, 3], options: { axis: -2 } },
  { a: [7], b: [3], c: [5], options: { axis: 0 }, name: "vectors" },
  { a: [3, 9], options: { axis: 1 }, name: "one tensor" },
  { a: { shape: [1, 3, 5, 1], classes: 6 }, b: { shape: [1, 3, 5, 2], classes: 6 }, name: "labels" },
  { a: [2, 3, 2, 2, 3], b: [2, 1, 2, 2, 3], options: { axis: 1 }, name: "five axes" },
]);

testOp<{ x: NdArray }, ConcatOptions>("concat of one tensor twice", ({ x }, o) => concat([x, x], o), ({ x }, o) => reference.concat([x, x], o), [
  { x: [1, 3, 5, 4] },
  { x: [2, 3, 5, 3], options: { axis: 1 } },
]);

// Producers that can write into a slice of the channels, or into part of a batch, write straight into the result.
testOp<{ a: NdArray; b: NdArray }, ResizeOptions>(
  "concat in place",
  ({ a, b }, o) => concat([resize(a, o), pad2d(b, { top: 1 }), resize(b, { size: [b.shape[1]! + 1, b.shape[2]!] })]),
  ({ a, b }, o) =>
    reference.concat([sampling.resize({ x: a }, o), frame.pad2d({ x: b }, { top: 1 }), sampling.resize({ x: b }, { size: [b.shape[1]! + 1, b.shape[2]!] })]),
  [
    { a: [1, 3, 4, 4], b: [1, 5, 7, 8], options: { size: [6, 7] } },
    { a: [2, 3, 4, 3], b: [2, 5, 7, 4], options: { size: [6, 7] }, name: "slices that do not start at a vec4" },
    { a: [1, 13, 4, 4], b: [1, 5, 7, 3], options: { size: [6, 7], mode: "nearest" } },
    { a: [1, 3, 4, 6], b: [1, 5, 7, 2], options: { size: [6, 7], mode: "nearest" } },
  ],
);
testOp<{ a: NdArray; b: NdArray }, { size: [number, number] }>(
  "concat of a batch in place",
  ({ a, b }, o) => concat([resize(a, o), resize(b, o)], { axis: 0 }),
  ({ a, b }, o) => reference.concat([sampling.resize({ x: a }, o), sampling.resize({ x: b }, o)], { axis: 0 }),
  [
    { a: [1, 3, 4, 4], b: [2, 5, 7, 4], options: { size: [8, 8] }, name: "aligned parts" },
    { a: [1, 3, 4, 3], b: [2, 5, 7, 3], options: { size: [5, 3] }, name: "parts that are not aligned" },
  ],
);

testErrors("concat", [
  ["nothing", {}, () => concat([]), "concat: there must be at least one tensor."],
  ["another height", { a: [1, 4, 6, 3], b: [1, 5, 6, 3] }, ({ a, b }) => concat([a!, b!]), "concat: x1 must have the sizes of x0 except along axis 3.\n  x0  [1, 4, 6, 3]\n  x1  [1, 5, 6, 3]"],
  ["another rank", { a: [1, 4, 6, 3], b: [4, 6, 3] }, ({ a, b }) => concat([a!, b!], { axis: 0 }), "concat: x1 must have the sizes of x0 except along axis 0.\n  x0  [1, 4, 6, 3]\n  x1  [4, 6, 3]"],
  ["several dtypes", { a: [2, 3], b: { shape: [2, 3], classes: 4 } }, ({ a, b }) => concat([a!, b!]), "concat: all tensors must have one dtype but x0 is f32 and x1 is u32."],
  ["an axis that does not exist", { a: [2, 3] }, ({ a }) => concat([a!], { axis: 2 }), "concat: x has no axis 2: axes go from -2 to 1.\n  x  [2, 3]"],
]);
