import { split } from "../../src/ops/split.js";
import * as reference from "../reference/split.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

interface Options {
  sizes: readonly number[];
  axis?: number;
}

testOp(
  "split",
  ({ x }, { sizes, ...o }: Options) => Object.fromEntries(split(x, sizes, o).map((part, i) => [`part${i}`, part])),
  reference.split,
  [
    { x: [1, 3, 5, 12], options: { sizes: [4, 8] } },
    { x: [2, 3, 5, 7], options: { sizes: [3, 1, 3] } },
    { x: [5, 3, 4], options: { sizes: [2, 3], axis: 0 } },
    { x: [1, 9, 5, 2], options: { sizes: [4, 4, 1], axis: 1 } },
    { x: [1, 3, 10, 4], options: { sizes: [5, 5], axis: -2 } },
    { x: [6], options: { sizes: [1, 2, 3] } },
    { x: [4, 5], options: { sizes: [5] }, name: "one part" },
    { x: [2, 2, 2, 8], options: { sizes: [2, 2, 2, 2] } },
    { x: [2, 8, 2, 4], options: { sizes: [1, 7], axis: 1 } },
    { x: { shape: [3, 7], classes: 5 }, options: { sizes: [3, 4] }, name: "labels" },
  ],
);

testErrors("split", [
  ["sizes that do not add up", { x: [2, 5] }, ({ x }) => split(x!, [2, 2]), "split: the sizes [2, 2] add up to 4 but axis 1 has 5.\n  x  [2, 5]"],
  ["empty parts", { x: [2, 5] }, ({ x }) => split(x!, [5, 0]), "split: every size must be a whole number of at least 1 but is 0."],
]);
