import { boundaryLoss } from "../../src/losses/boundary.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("boundaryLoss", ({ logits, labels, pixelWeight }, o) => boundaryLoss(logits, labels, { ...o, pixelWeight }), reference.boundaryLoss, [
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, dtype: "u8" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, includeBackground: true } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { activation: "sigmoid", reduction: "none" }, name: "sigmoids, weights of pixels" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: -3, high: 4, gradient: false }, options: { reduction: "sum" }, name: "distances given" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2 }, name: "a single logit" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 1 }, options: { includeBackground: true }, name: "one class: 0" },
  { logits: [1, 2, 2, 3], labels: { shape: [1, 2, 2], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 0" },
]);

testErrors("boundaryLoss", [
  ["logits of rank 2", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => boundaryLoss(logits!, labels!), "boundaryLoss: logits must be [n, height, width, classes].\n  logits  [2, 3]"],
]);
