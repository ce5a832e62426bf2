import { diceLoss } from "../../src/losses/dice.js";
import * as reference from "../reference/losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("diceLoss", ({ logits, labels }, o) => diceLoss(logits, labels, o), reference.diceLoss, [
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4 } },
  { logits: [2, 5, 7, 4], labels: { shape: [2, 5, 7], classes: 4, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255 } },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8" }, name: "a single logit" },
  { logits: [2, 5, 7, 1], labels: { shape: [2, 5, 7], classes: 2, dtype: "u8", ignore: 255 }, options: { ignoreIndex: 255, smooth: 1 }, name: "a single logit with ignored pixels" },
  { logits: [2, 5, 7, 2], labels: { shape: [2, 5, 7], classes: 2 }, options: { includeBackground: false } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4 }, options: { smooth: 1 } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 4, dtype: "i32", ignore: -100 }, options: { smooth: 0.5, includeBackground: false } },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 2 }, name: "absent classes" },
  { logits: [3, 5, 4], labels: { shape: [3, 5], classes: 2 }, options: { smooth: 1 }, name: "absent classes, smooth" },
  { logits: [3, 5, 3], labels: { shape: [3, 5], classes: 3 }, options: { ignoreIndex: 0 }, name: "a class is ignored" },
  { logits: [4, 3], labels: { shape: [4], values: [7, 7, 7, 7], dtype: "u32" }, options: { ignoreIndex: 7 }, name: "all ignored" },
  { logits: [1, 33, 31, 2], labels: { shape: [1, 33, 31], classes: 2, dtype: "u8" } },
]);

testErrors("diceLoss", [
  ["a negative smooth", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { smooth: -1 }),
    "diceLoss: smooth must be a number of at least 0 but is -1."],
  ["an unknown option", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { smoth: 1 } as object),
    'diceLoss: unknown option "smoth". Did you mean "smooth"? Options: smooth, ignoreIndex, includeBackground.'],
]);
