import { mccLoss } from "../../src/losses/mcc.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("mccLoss", ({ logits, labels, pixelWeight }, o) => mccLoss(logits, labels, { ...o, pixelWeight }), reference.mccLoss, [
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8" } },
  { logits: { shape: [2, 5, 7, 1], low: 0, high: 1 }, labels: { shape: [2, 5, 7], classes: 2 }, options: { activation: "none", eps: 1e-3 }, name: "probabilities" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { ignoreIndex: 9, perImage: true, reduction: "none" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { includeBackground: false, weight: [1, 2, 3] }, name: "weights" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 1 }, name: "background only" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored: 1" },
]);

testErrors("mccLoss", [
  ["an eps of 0", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => mccLoss(logits!, labels!, { eps: 0 }), "mccLoss: eps must be a number above 0 but is 0."],
]);
