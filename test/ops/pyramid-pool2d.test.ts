import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { pyramidPool2d, type PyramidPool2dOptions } from "../../src/ops/pyramid-pool2d.js";
import { adaptiveAvgPool2d } from "../reference/adaptive-avg-pool2d.js";
import { fromFunction, type NdArray } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const named = <T>(levels: T[]): Record<string, T> => Object.fromEntries(levels.map((level, i) => [`level${i}`, level]));

testOp<{ x: NdArray }, PyramidPool2dOptions>(
  "pyramidPool2d",
  ({ x }, o: PyramidPool2dOptions) => named(pyramidPool2d(x, o)),
  ({ x }, { bins = [1, 2, 3, 6] }) => named(bins.map((outputSize) => adaptiveAvgPool2d({ x }, { outputSize }))),
  [
    { x: [1, 60, 60, 4], name: "PSPNet's 60 positions, which all bins divide" },
    { x: [1, 33, 33, 3], name: "33 positions in overlapping bins" },
    { x: [2, 23, 17, 8] },
    { x: [1, 12, 18, 5], options: { bins: [1, 2, 3, 6] } },
    { x: [1, 31, 45, 4], options: { bins: [1, 3, 6, 8] } },
    { x: [2, 16, 16, 1], options: { bins: [4] }, name: "one level" },
    { x: [1, 20, 30, 4], options: { bins: [1, [2, 5], [5, 2], 7, 3, 4] }, name: "six levels, not all square" },
    { x: [1, 25, 19, 3], options: { bins: [2, 2, 1, 3, 5, 6, 1, 4, 2] }, name: "nine levels, some twice" },
    { x: [1, 5, 4, 4], name: "a plane smaller than the bins" },
    { x: [2, 1, 1, 3], name: "one pixel" },
    { x: [1, 1, 40, 4], options: { bins: [1, 2, 3] }, name: "one row" },
    { x: [1, 47, 3, 2], options: { bins: [[3, 1], [6, 2]] }, name: "three columns" },
    { x: [0, 30, 30, 4], name: "no images" },
  ],
);

test("levels that nothing depends on are left out of the gradient", async () => {
  const device = await testDevice();
  const rng = random("pyramid");
  const plane = fromFunction([1, 13, 11, 4], () => Math.fround(rng.normal()));
  using x = tensor(device, Float32Array.from(plane.data), plane.shape);
  using seed = tensor(device, new Float32Array(9 * 4).fill(1), [1, 3, 3, 4]);
  const run = compile((v: Tensor<"f32">, s: Tensor<"f32">) => gradients(pyramidPool2d(v)[2]!, [v], s)[0]!);
  using dx = run(x, seed);
  // Bins of 3 over 13 positions: 0–5, 4–9, 8–13; over 11: 0–4, 3–8, 7–11. Each spreads 1 over its size.
  const rows = Array.from({ length: 13 }, (_, y) => [[0, 5], [4, 9], [8, 13]].reduce((s, [a, b]) => s + (y >= a! && y < b! ? 1 / (b! - a!) : 0), 0));
  const columns = Array.from({ length: 11 }, (_, c) => [[0, 4], [3, 8], [7, 11]].reduce((s, [a, b]) => s + (c >= a! && c < b! ? 1 / (b! - a!) : 0), 0));
  (await dx.data()).forEach((v, i) => expect(v).toBeCloseTo(rows[Math.floor(i / 44)]! * columns[Math.floor(i / 4) % 11]!, 5));
  run.dispose();
});

testErrors("pyramidPool2d", [
  ["no levels", { x: [1, 4, 4, 1] }, ({ x }) => pyramidPool2d(x!, { bins: [] }), "pyramidPool2d: bins must list at least one level, as [1, 2, 3, 6] does, but is []."],
  ["a level of no bins", { x: [1, 4, 4, 1] }, ({ x }) => pyramidPool2d(x!, { bins: [1, 0] }), "pyramidPool2d: bins must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0."],
  ["a plane without rows", { x: [1, 0, 4, 1] }, ({ x }) => pyramidPool2d(x!), "pyramidPool2d: x has no positions to pool.\n  x  [1, 0, 4, 1]  NHWC"],
  ["labels", { x: { shape: [1, 8, 8, 1], classes: 3 } }, ({ x }) => pyramidPool2d(x!), 'pyramidPool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
]);
