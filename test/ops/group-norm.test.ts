import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { cast } from "../../src/ops/cast.js";
import { gradients } from "../../src/ops/gradients.js";
import { groupNorm } from "../../src/ops/group-norm.js";
import { instanceNorm } from "../../src/ops/instance-norm.js";
import { layerNorm } from "../../src/ops/layer-norm.js";
import * as reference from "../reference/group-norm.js";
import { array } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("groupNorm", ({ x, weight, bias }, o) => groupNorm(x, { ...o, weight, bias }), reference.groupNorm, [
  { x: [2, 5, 7, 6], weight: [6], bias: [6], options: { groups: 3 } },
  { x: [2, 5, 7, 8], weight: [8], bias: [8], options: { groups: 2 }, name: "four channels at a time" },
  { x: [1, 3, 3, 12], weight: [12], bias: [12], options: { groups: 4, eps: 0.1 } },
  { x: [2, 5, 7, 6], options: { groups: 2 } },
  { x: [3, 4, 4, 6], weight: [6], options: { groups: 1 }, name: "one group, no bias" },
  { x: [2, 3, 5, 4], weight: [4], bias: [4], options: { groups: 4 }, name: "a group per channel" },
  { x: [1, 23, 31, 4], weight: [4], bias: [4], options: { groups: 2 }, name: "several chunks" },
  { x: [2, 1, 1, 12], weight: [12], bias: [12], options: { groups: 3 }, name: "one pixel" },
  { x: [2, 1, 1, 12], weight: [12], bias: [12], options: { groups: 1 }, name: "one pixel, one group" },
  { x: [4, 9], weight: [9], bias: [9], options: { groups: 3 }, name: "no pixel axes" },
  { x: [2, 2, 3, 4, 6], weight: [6], bias: [6], options: { groups: 3 }, name: "three pixel axes" },
  { x: [1, 2, 3, 320], weight: [320], bias: [320], options: { groups: 2 }, name: "wide groups" },
], { samples: 24 });

testOp("instanceNorm", ({ x, weight, bias }, o) => instanceNorm(x, { ...o, weight, bias }), reference.instanceNorm, [
  { x: [2, 5, 7, 3] },
  { x: [2, 5, 7, 4], weight: [4], bias: [4], name: "four channels at a time" },
  { x: [1, 9, 5, 8], options: { eps: 1e-3 } },
  { x: { shape: [3, 1, 2, 5], distinct: true, low: -9, high: 9 }, weight: [5], bias: [5], name: "two pixels" },
  { x: [1, 47, 51, 1], weight: [1], bias: [1], name: "several chunks" },
  { x: [1, 47, 51, 4] },
  { x: [2, 6, 3], weight: [3], bias: [3], name: "one pixel axis" },
  { x: [2, 3, 3, 20], weight: [20] },
  { x: [2, 3, 3, 7], bias: [7] },
  { x: { shape: [1, 6, 6, 4], low: 1e-3, high: 2e-3 }, weight: [4], bias: [4], name: "variance below eps" },
], { samples: 24 });

testOp("layerNorm", ({ x, weight, bias }, o) => layerNorm(x, { ...o, weight, bias }), reference.layerNorm, [
  { x: [2, 3, 5, 7], weight: [7], bias: [7] },
  { x: [2, 3, 5, 8], weight: [8], bias: [8], name: "four channels at a time" },
  { x: [2, 3, 5, 6], options: { eps: 1e-2 } },
  { x: [2, 3, 4, 5], weight: [3, 4, 5], bias: [3, 4, 5], options: { axes: 3 } },
  { x: [2, 3, 4, 4], weight: [4, 4], bias: [4, 4], options: { axes: 2 } },
  { x: [3, 40], weight: [40], bias: [40] },
  { x: [17], weight: [17], bias: [17], name: "one row" },
  { x: [2, 11, 13, 4], weight: [4], bias: [4], name: "several chunks of rows" },
  { x: [2, 20, 33], weight: [20, 33], bias: [20, 33], options: { axes: 2 }, name: "rows in chunks" },
  { x: { shape: [5, 2], distinct: true, low: -9, high: 9 }, weight: [2], bias: [2], name: "two channels" },
  { x: [130, 3], weight: [3] },
], { samples: 24 });

describe("group, instance and layer norm", () => {
  test("lose no digits to a mean far from zero", async () => {
    const device = await testDevice();
    const rng = random("norms");
    const shape = [2, 40, 40, 8];
    const values = Float32Array.from({ length: 25600 }, () => 1e4 + rng.normal());
    using x = tensor(device, values, shape);
    for (const [actual, expected] of [
      [groupNorm(x, { groups: 2 }), reference.groupNorm({ x: array(shape, values) }, { groups: 2 })],
      [instanceNorm(x), reference.instanceNorm({ x: array(shape, values) }, {})],
      [layerNorm(x, { axes: 3 }), reference.layerNorm({ x: array(shape, values) }, { axes: 3 })],
    ] as const) {
      const data = await actual.data();
      actual.dispose();
      // x itself is known to 5e-4 of its deviation; what is left is the rounding of one mean.
      expect(Math.max(...expected.data.map((v, i) => Math.abs(v - data[i]!)))).toBeLessThan(1e-3);
    }
  });
});

testErrors("norms", [
  ["groups that do not divide", { x: [2, 3, 3, 6] }, ({ x }) => groupNorm(x!, { groups: 4 }), "groupNorm: groups (4) must divide the channels of x (6)."],
  ["one value per group", { x: [1, 1, 1, 6] }, ({ x }) => groupNorm(x!, { groups: 6 }), "groupNorm: it needs more than one value per group.\n  x  [1, 1, 1, 6]"],
  ["one pixel", { x: [2, 1, 1, 6] }, ({ x }) => instanceNorm(x!), "instanceNorm: it needs more than one pixel.\n  x  [2, 1, 1, 6]"],
  ["a vector", { x: [6] }, ({ x }) => instanceNorm(x!), "instanceNorm: x needs at least two axes: images and channels, with those of the pixels in between.\n  x  [6]"],
  ["a weight that does not fit", { x: [2, 3, 3, 6], weight: [5] }, ({ x, weight }) => instanceNorm(x!, { weight: weight! }), "instanceNorm: weight must hold one number for each of the 6 channels of x.\n  x       [2, 3, 3, 6]\n  weight  [5]"],
  ["a bias that does not fit", { x: [2, 3, 6], bias: [6] }, ({ x, bias }) => layerNorm(x!, { bias: bias!, axes: 2 }), "layerNorm: bias must have the shape [3, 6] of the trailing axes of x.\n  x     [2, 3, 6]\n  bias  [6]"],
  ["axes that x does not have", { x: [2, 3] }, ({ x }) => layerNorm(x!, { axes: 3 }), "layerNorm: axes must be a whole number from 1 to 2, the axes of x, but is 3."],
  ["whole numbers", { x: { shape: [2, 3, 6], dtype: "u32" } }, ({ x }) => groupNorm(x!, { groups: 2 }), 'groupNorm: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a negative eps", { x: [2, 3] }, ({ x }) => layerNorm(x!, { eps: -1 }), "layerNorm: eps must be a number of at least 0 but is -1."],
  ["no elements", { x: [0, 3] }, ({ x }) => layerNorm(x!), "layerNorm: x has no elements.\n  x  [0, 3]"],
]);

describe("norms of f16 maps", () => {
  test("take parameters in f32", async () => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) return;
    const rng = random("half");
    const values = Float32Array.from({ length: 2 * 3 * 4 * 4 }, () => rng.normal());
    using x = tensor(device, values, [2, 3, 4, 4]);
    using half = cast(x, "f16");
    using weight = tensor(device, [1, 2, 0.5, -1]);
    using bias = tensor(device, [0, 1, 2, 3]);
    using seed = tensor(device, values, [2, 3, 4, 4]);
    for (const norm of [(t: Tensor<"f32">, o: object) => groupNorm(t, { groups: 2, ...o }), instanceNorm, layerNorm]) {
      const run = compile((t: Tensor<"f32">, s: Tensor) => {
        const out = norm(t, { weight, bias });
        return [out, ...gradients(out, [t, weight, bias], cast(s, t.dtype))].map((y) => [y.dtype, cast(y, "f32")] as const);
      });
      const [wide, narrow] = [run(x, seed), run(half as Tensor as Tensor<"f32">, seed)];
      expect(narrow.map(([dtype]) => dtype)).toEqual(["f16", "f16", "f32", "f32"]);
      for (const [i, [, expected]] of wide.entries()) {
        const [e, a] = await Promise.all([expected.data(), narrow[i]![1].data()]);
        expect(Math.max(...e.map((v, k) => Math.abs(v - a[k]!)))).toBeLessThan(0.05);
      }
      run.dispose();
    }
  });
});
