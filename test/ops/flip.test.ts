import { flip, type FlipOptions } from "../../src/ops/flip.js";
import * as reference from "../reference/flip.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("flip", ({ x }, o: FlipOptions) => flip(x, o), reference.flip, [
  { x: [2, 5, 7, 3], options: { axes: [2] }, name: "columns of a map" },
  { x: [2, 5, 7, 3], options: { axes: [1, 2] }, name: "neighbours are one run" },
  { x: [2, 5, 3, 8], options: { axes: [1] }, name: "channels stay: vec4" },
  { x: [3, 5, 12], options: { axes: [-1] }, name: "the last axis by fours: mirrored vec4" },
  { x: [3, 5, 7], options: { axes: [-1, 0] } },
  { x: [3, 5, 4], options: { axes: [2, 0] }, name: "two runs by fours" },
  { x: [3, 2, 5, 3, 2, 2, 3], options: { axes: [0, 2, 4, 6] }, name: "seven axes, four runs" },
  { x: [3, 2, 2, 2, 3, 2, 2, 2, 5], options: { axes: [0, 2, 4, 6, 8] }, name: "five runs: two passes" },
  { x: [2, 2, 2, 2, 3, 2, 2, 2, 2, 4], options: { axes: [0, 2, 4, 6, 8] }, name: "two passes by fours" },
  { x: [4, 3], options: { axes: [] }, name: "nothing" },
  { x: [5, 1, 3], options: { axes: [1] }, name: "an axis of one" },
  { x: [11], options: { axes: [0] }, name: "a vector" },
  { x: [], options: { axes: [] }, name: "a number" },
  { x: [3, 0], options: { axes: [0, 1] }, name: "no elements" },
  { x: { shape: [3, 5, 2], dtype: "i32", low: -99, high: 99 }, options: { axes: [0, 2] }, name: "i32" },
  { x: { shape: [2, 3, 5], classes: 9 }, options: { axes: [0, 1, 2] }, name: "labels, all axes" },
]);

testErrors("flip", [
  ["an axis that does not exist", { x: [2, 5] }, ({ x }) => flip(x!, { axes: [0, 2] }), "flip: x has no axis 2: axes go from -2 to 1.\n  x  [2, 5]"],
  ["an axis twice", { x: [2, 5] }, ({ x }) => flip(x!, { axes: [1, -1] }), "flip: axes [1, -1] name one axis twice."],
  ["no axes", { x: [2, 5] }, ({ x }) => flip(x!, {} as never), "flip: axes must be an array of axis numbers but is undefined."],
  ["a number for axes", { x: [2, 5] }, ({ x }) => flip(x!, { axes: 1 as never }), "flip: axes must be an array of axis numbers but is 1."],
  ["bytes", { x: { shape: [3], dtype: "u8" } }, ({ x }) => flip(x!, { axes: [0] }), 'flip: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["an unknown option", { x: [3] }, ({ x }) => flip(x!, { dims: [0] } as never), 'flip: unknown option "dims". Options: axes.'],
]);
