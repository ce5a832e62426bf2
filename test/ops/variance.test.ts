import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { std, variance } from "../../src/ops/variance.js";
import { array } from "../reference/ndarray.js";
import * as reference from "../reference/variance.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const cases = [
  { x: [2, 5, 7, 3], options: { axes: [0, 1, 2] } },
  { x: [2, 5, 7, 4], options: { axes: [1, 2], keepDims: true } },
  { x: [2, 5, 7, 3], options: { correction: 0 as const } },
  { x: [4, 6], options: { axes: [-1], correction: 0 as const } },
  { x: [3, 4, 5], options: { axes: [0, 2] } },
  { x: [2], name: "two values" },
  { x: [300, 2], options: { axes: [0] }, name: "two stages" },
  { x: [9000], name: "three stages" },
  { x: [3, 8, 140], options: { axes: [2], correction: 0 as const } },
  { x: [150, 2, 150], options: { axes: [0, 2] }, name: "two long runs" },
];
testOp("variance", ({ x }, o) => variance(x, o), reference.variance, cases);
testOp("std", ({ x }, o) => std(x, o), reference.std, cases);

describe("variance", () => {
  test("loses no digits to a mean far from zero", async () => {
    const device = await testDevice();
    const rng = random("variance");
    const values = Float32Array.from({ length: 100_003 }, () => 1e4 + rng.normal());
    using x = tensor(device, values);
    using v = variance(x);
    const expected = reference.variance({ x: array([values.length], values) }, {}).data[0]!;
    expect(Math.abs((await v.item()) / expected - 1)).toBeLessThan(1e-5);
  });

  test("a standard deviation of 0 has gradient 0", async () => {
    const device = await testDevice();
    using x = tensor(device, [2, 2, 2]);
    using seed = tensor(device, [1], []);
    const run = compile((a: Tensor<"f32">, s: Tensor) => gradients(std(a), [a], s)[0]!);
    using grad = run(x, seed);
    expect([...(await grad.data())].map(Math.abs)).toEqual([0, 0, 0]);
    run.dispose();
  });
});

testErrors("variance", [
  ["too few values", { x: [3, 1] }, ({ x }) => variance(x!, { axes: [1] }), "variance: with correction 1 it needs more than 1 value but gets 1. Use correction: 0.\n  x  [3, 1]"],
  ["no values", { x: [3, 0] }, ({ x }) => std(x!, { axes: [1], correction: 0 }), "std: it needs more than 0 values but gets 0.\n  x  [3, 0]"],
  ["another correction", { x: [3] }, ({ x }) => variance(x!, { correction: 2 as never }), "variance: correction must be 0 or 1 but is 2."],
]);
