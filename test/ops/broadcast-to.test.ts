import { broadcastTo } from "../../src/ops/broadcast-to.js";
import * as reference from "../reference/broadcast-to.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("broadcastTo", ({ x }, { shape }: { shape: readonly number[] }) => broadcastTo(x, shape), reference.broadcastTo, [
  { x: [3], options: { shape: [2, 5, 7, 3] }, name: "channels over a plane" },
  { x: [8], options: { shape: [2, 5, 7, 8] }, name: "channels over a plane, by fours" },
  { x: [2, 5, 7, 1], options: { shape: [2, 5, 7, 4] }, name: "a plane over channels" },
  { x: [2, 1, 1, 4], options: { shape: [2, 5, 7, 4] } },
  { x: [1, 5, 1, 3], options: { shape: [2, 5, 7, 3] } },
  { x: [3, 1], options: { shape: [3, 5] } },
  { x: [1, 5], options: { shape: [3, 5] } },
  { x: [1], options: { shape: [3, 5, 2] }, name: "one number" },
  { x: [2, 3], options: { shape: [2, 3] }, name: "nothing stretches" },
  { x: [2, 1, 2, 1, 2], options: { shape: [3, 2, 3, 2, 3, 2] }, name: "six axes" },
  { x: { shape: [1, 4], classes: 9 }, options: { shape: [3, 4] }, name: "labels" },
]);

testErrors("broadcastTo", [
  ["an axis that does not stretch", { x: [2, 3] }, ({ x }) => broadcastTo(x!, [4, 3]), "broadcastTo: x does not stretch to the shape (axes are aligned at the end; only 1 stretches).\n  x      [2, 3]\n  shape  [4, 3]"],
  ["a smaller rank", { x: [1, 3] }, ({ x }) => broadcastTo(x!, [3]), "broadcastTo: x does not stretch to the shape (axes are aligned at the end; only 1 stretches).\n  x      [1, 3]\n  shape  [3]"],
  ["seven axes", { x: [3] }, ({ x }) => broadcastTo(x!, [1, 1, 1, 1, 1, 1, 3]), "broadcastTo: at most 6 axes are possible.\n  x      [3]\n  shape  [1, 1, 1, 1, 1, 1, 3]"],
]);
