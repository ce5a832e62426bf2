import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { l1Norm, l2Norm } from "../../src/ops/norms.js";
import * as reference from "../reference/norms.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const apart = (...shape: number[]) => ({ shape, distinct: true, low: -3, high: 2 });
const cases = [
  { x: apart(2, 5, 7, 3), options: { axes: [0, 1, 2] } },
  { x: apart(2, 5, 7, 4), options: { axes: [1, 2], keepDims: true } },
  { x: apart(2, 5, 7, 3) },
  { x: apart(4, 6), options: { axes: [-1] } },
  { x: apart(3, 4, 5), options: { axes: [0, 2] } },
  { x: apart(300), name: "two stages" },
  { x: apart(3, 8, 140), options: { axes: [2] } },
  { x: apart(1) },
  { x: apart(4, 3), options: { axes: [] }, name: "no axes: magnitudes" },
  { x: { shape: [0, 3], values: [] }, options: { axes: [0] }, name: "of nothing: 0" },
];
testOp("l1Norm", ({ x }, o) => l1Norm(x, o), reference.l1Norm, cases);
testOp("l2Norm", ({ x }, o) => l2Norm(x, o), reference.l2Norm, cases);

describe("norms", () => {
  test("have gradient 0 where all is 0", async () => {
    const device = await testDevice();
    using x = tensor(device, [0, 0, 3, -4], [2, 2]);
    using seed = tensor(device, [1, 1]);
    const run = compile((a: Tensor<"f32">, s: Tensor) => [l1Norm(a, { axes: [1] }), l2Norm(a, { axes: [1] })].map((y) => gradients(y, [a], s)[0]!));
    const [one, two] = await Promise.all(run(x, seed).map((t) => t.data()));
    expect([...one!]).toEqual([0, 0, 1, -1]);
    expect([...two!].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 0, 0.6, -0.8]);
    run.dispose();
  });
});

testErrors("norms", [["whole numbers", { x: { shape: [2], dtype: "i32" } }, ({ x }) => l2Norm(x!), 'l2Norm: x must be f16 or f32 but is i32. Convert with cast(x, "f32").']]);
