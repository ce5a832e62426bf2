import { featureGaussian } from "../../src/ops/feature-gaussian.js";
import * as reference from "../reference/feature-gaussian.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const features = (...shape: number[]) => ({ shape, gradient: false }) as const;

testOp("featureGaussian", ({ x, features }) => featureGaussian(x, features), reference.featureGaussian, [
  { x: [7, 3], features: features(7, 2) },
  { x: [130, 2], features: features(130, 5) },
  { x: [65, 4], features: features(65, 4) },
  { x: [64, 21], features: features(64, 5) },
  { x: [1, 1], features: features(1, 1) },
  { x: [33, 5], features: features(33, 8) },
  { x: [20, 9], features: { shape: [20, 3], low: -30, high: 30, gradient: false }, name: "features far apart: every row alone" },
  { x: [31, 2], features: { shape: [31, 5], values: new Float64Array(155).fill(50), gradient: false }, name: "equal features: sums over all rows" },
  { x: [200, 1], features: features(200, 2) },
  { x: [3, 4], features: features(3, 6) },
], { noHalf: "it filters f32 only" });

testErrors("featureGaussian", [
  ["features of other rows", { x: [4, 2], features: [5, 3] }, ({ x, features }) => featureGaussian(x!, features!),
    "featureGaussian: x and features must be [rows, channels] and [rows, features] with equally many rows, at least one of each.\n  x         [4, 2]\n  features  [5, 3]"],
  ["labels", { x: { shape: [4, 2], classes: 2 }, features: [4, 3] }, ({ x, features }) => featureGaussian(x!, features!), 'featureGaussian: x must be f32 but is u32. Convert with cast(x, "f32").'],
]);
