import { slice, type SliceOptions } from "../../src/ops/slice.js";
import * as reference from "../reference/slice.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("slice", ({ x }, o: SliceOptions) => slice(x, o), reference.slice, [
  { x: [2, 5, 7, 9], options: { start: 2, length: 5 } },
  { x: [1, 5, 7, 12], options: { start: 4, length: 4 }, name: "channels by fours" },
  { x: [1, 5, 7, 12], options: { length: 8 } },
  { x: [1, 5, 7, 12], options: { start: 3, length: 8 } },
  { x: [3, 5, 4], options: { axis: 0, start: 1, length: 2 } },
  { x: [2, 9, 5, 3], options: { axis: 1, start: 4, length: 3 } },
  { x: [2, 9, 5, 4], options: { axis: 2, start: 1, length: 3 } },
  { x: [2, 9, 5, 4], options: { axis: -3, start: 8, length: 1 } },
  { x: [11], options: { start: 3, length: 7 }, name: "a vector" },
  { x: [4, 6], options: { axis: 0, length: 4 }, name: "everything" },
  { x: { shape: [2, 3, 5], classes: 9 }, options: { axis: 1, start: 1, length: 2 }, name: "labels" },
]);

testErrors("slice", [
  ["a part beyond the axis", { x: [2, 5] }, ({ x }) => slice(x!, { start: 3, length: 3 }), "slice: positions 3 to 6 reach beyond axis 1, which has 5.\n  x  [2, 5]"],
  ["a negative start", { x: [2, 5] }, ({ x }) => slice(x!, { start: -1, length: 3 }), "slice: start must be a whole number of at least 0 but is -1."],
  ["an empty part", { x: [2, 5] }, ({ x }) => slice(x!, { length: 0 }), "slice: length must be a whole number of at least 1 but is 0."],
  ["an axis that does not exist", { x: [2, 5] }, ({ x }) => slice(x!, { axis: -3, length: 1 }), "slice: x has no axis -3: axes go from -2 to 1.\n  x  [2, 5]"],
]);
