import { transpose } from "../../src/ops/transpose.js";
import * as reference from "../reference/transpose.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("transpose", ({ x }, { permutation }: { permutation?: readonly number[] }) => transpose(x, permutation), reference.transpose, [
  { x: [2, 5, 7, 3], options: { permutation: [0, 3, 1, 2] }, name: "NHWC to NCHW" },
  { x: [2, 3, 5, 7], options: { permutation: [0, 2, 3, 1] }, name: "NCHW to NHWC" },
  { x: [5, 7], name: "a matrix" },
  { x: [3, 4, 8], options: { permutation: [1, 0, 2] }, name: "the last axis stays: vec4" },
  { x: [3, 4, 5], options: { permutation: [1, 0, 2] } },
  { x: [3, 1, 5, 2], options: { permutation: [3, 1, 0, 2] } },
  { x: [2, 3, 4, 5], options: { permutation: [0, 1, 2, 3] }, name: "nothing moves" },
  { x: [2, 3, 2, 3, 2], options: { permutation: [4, 1, 3, 0, 2] }, name: "five axes" },
  { x: [2, 3, 2, 3, 2, 2], options: { permutation: [5, 2, 0, 4, 1, 3] }, name: "six axes" },
  { x: [2, 3, 2, 3, 2, 4], options: { permutation: [4, 2, 0, 3, 1, 5] }, name: "six axes by fours" },
  { x: [4, 3, 5], options: { permutation: [-1, 0, 1] }, name: "axes from the back" },
  { x: [9], name: "a vector" },
  { x: { shape: [2, 3, 5], classes: 9 }, options: { permutation: [2, 0, 1] }, name: "labels" },
]);

testErrors("transpose", [
  ["an axis twice", { x: [2, 3, 4] }, ({ x }) => transpose(x!, [0, 1, 1]), "transpose: the permutation [0, 1, 1] must name each of the 3 axes of x once.\n  x  [2, 3, 4]"],
  ["no array", { x: [2, 3, 4] }, ({ x }) => transpose(x!, { axes: [0, 1, 2] } as never), 'transpose: the permutation must be an array of axis numbers but is {"axes":[0,1,2]}.'],
  ["too few axes", { x: [2, 3, 4] }, ({ x }) => transpose(x!, [1, 0]), "transpose: the permutation [1, 0] must name each of the 3 axes of x once.\n  x  [2, 3, 4]"],
  ["seven axes", { x: [1, 1, 1, 1, 1, 1, 2] }, ({ x }) => transpose(x!), "transpose: x may have at most 6 axes but has 7.\n  x  [1, 1, 1, 1, 1, 1, 2]"],
]);
