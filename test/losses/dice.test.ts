import { diceLoss } from "../../src/losses/dice.js";
import * as reference from "../reference/region-losses.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("diceLoss", ({ logits, labels, pixelWeight }, o) => diceLoss(logits, labels, { ...o, pixelWeight }), reference.diceLoss, [
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
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { perImage: true, weight: [1, 2, 0.5], reduction: "none" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { squared: true, log: true, includeBackground: false, weight: [1, 2, 0.5] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 2 }, options: { dialect: "smp", weight: [1, 2, 0.5] } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3, ignore: 9 }, options: { dialect: "monai", weight: [1, 2, 0.5], ignoreIndex: 9 } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, options: { dialect: "milesial" } },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], low: 0, high: 1, gradient: false }, options: { overlap: "minimum", reduction: "sum" }, name: "fractional targets" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7, 3], classes: 2, dtype: "u8", ignore: 255 }, options: { activation: "sigmoid", ignoreIndex: 255 }, name: "several labels a pixel" },
  { logits: [2, 5, 7, 3], labels: { shape: [2, 5, 7], classes: 3 }, pixelWeight: { shape: [2, 5, 7], low: 0, high: 2, gradient: false }, options: { squared: true }, name: "weights of pixels" },
  { logits: { shape: [2, 5, 7, 3], low: 0, high: 1 }, labels: { shape: [2, 5, 7], classes: 3 }, options: { activation: "none" }, name: "probabilities" },
  { logits: { shape: [2, 3], values: [0, NaN, 1, 1, 2, 3] }, labels: { shape: [2], classes: 3 }, name: "NaN among the logits" },
  { logits: [1, 33, 31, 2], labels: { shape: [1, 33, 31], classes: 2, dtype: "u8" } },
]);

testErrors("diceLoss", [
  ["a negative smooth", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { smooth: -1 }),
    "diceLoss: smooth must be a number of at least 0 but is -1."],
  ["weights that mean nothing", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { dialect: "milesial", weight: [1, 1, 1] }),
    'diceLoss: in the dialect "milesial" all classes are one region, so weight and includeBackground mean nothing there.'],
  ["a softmax of one logit", { logits: [2, 1], labels: { shape: [2], classes: 2 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { activation: "softmax" }),
    'diceLoss: a softmax over a single logit is always 1. Use activation "sigmoid".'],
  ["several labels a pixel of a softmax", { logits: [2, 3], labels: { shape: [2, 3], classes: 2 } }, ({ logits, labels }) => diceLoss(logits!, labels!),
    'diceLoss: several labels a pixel (whole numbers of the shape of logits) need activation "sigmoid". For probabilities convert with cast(labels, "f32").'],
  ["images of nothing", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { perImage: true }),
    "diceLoss: perImage needs logits with images along the first axis and pixels between it and the classes.\n  logits  [2, 3]"],
  ["an unknown dialect", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { dialect: "keras" as "smp" }),
    'diceLoss: dialect must be "plain", "smp", "monai" or "milesial" but is "keras".'],
  ["an unknown option", { logits: [2, 3], labels: { shape: [2], classes: 3 } }, ({ logits, labels }) => diceLoss(logits!, labels!, { smoth: 1 } as object),
    'diceLoss: unknown option "smoth". Did you mean "smooth"? Options: smooth, dialect, squared, log, overlap, ignoreIndex, pixelWeight, includeBackground, weight, perImage, reduction, activation.'],
]);
