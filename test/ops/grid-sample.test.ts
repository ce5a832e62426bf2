import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { gradients } from "../../src/ops/gradients.js";
import { gridSample, type GridSampleOptions } from "../../src/ops/grid-sample.js";
import * as reference from "../reference/grid-sample.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const positions = (shape: number[], reach: number) => ({ shape, low: -reach, high: reach });

testOp("gridSample", ({ x, grid }, o: GridSampleOptions) => gridSample(x, grid, o), reference.gridSample, [
  { x: [1, 4, 5, 1], grid: positions([1, 3, 4, 2], 1) },
  { x: [2, 5, 4, 3], grid: positions([2, 6, 5, 2], 1.5) },
  { x: [2, 5, 7, 4], grid: positions([2, 3, 5, 2], 1.5), options: { alignCorners: true } },
  { x: [1, 9, 6, 8], grid: positions([1, 7, 9, 2], 1.2) },
  { x: [2, 5, 4, 3], grid: positions([2, 6, 5, 2], 2), options: { paddingMode: "border" } },
  { x: [1, 6, 4, 4], grid: positions([1, 6, 5, 2], 2), options: { paddingMode: "border", alignCorners: true } },
  { x: [2, 5, 4, 3], grid: positions([2, 6, 5, 2], 4), options: { paddingMode: "reflection" } },
  { x: [1, 5, 8, 4], grid: positions([1, 6, 5, 2], 4), options: { paddingMode: "reflection", alignCorners: true } },
  { x: [1, 5, 4, 3], grid: positions([1, 4, 5, 2], 30), options: { paddingMode: "reflection" }, name: "reflected many times" },
  { x: [1, 5, 4, 3], grid: positions([1, 4, 5, 2], 30), name: "mostly outside" },
  { x: [1, 1, 1, 2], grid: positions([1, 3, 3, 2], 3), name: "one pixel among zeros" },
  { x: [1, 1, 1, 2], grid: positions([1, 3, 3, 2], 3), options: { paddingMode: "reflection", alignCorners: true }, name: "one pixel and its reflections" },
  { x: [1, 3, 1, 4], grid: positions([1, 1, 1, 2], 1), options: { paddingMode: "border" }, name: "one position" },
  { x: [1, 5, 4, 3], grid: { ...positions([1, 6, 5, 2], 1.5), gradient: false }, options: { mode: "nearest" } },
  { x: [2, 5, 4, 4], grid: { ...positions([2, 6, 5, 2], 2), gradient: false }, options: { mode: "nearest", paddingMode: "border", alignCorners: true } },
  { x: [1, 7, 3, 1], grid: { ...positions([1, 2, 5, 2], 5), gradient: false }, options: { mode: "nearest", paddingMode: "reflection" } },
  { x: [1, 4, 4, 1], grid: { shape: [1, 1, 4, 2], values: [-0.5, 0, 0, 0.5, 0.5, 0, 1, -1], gradient: false }, options: { mode: "nearest" }, name: "ties go to even pixels" },
  { x: [1, 3, 4, 3], grid: { shape: [1, 1, 5, 2], values: [NaN, 0, 0, NaN, Infinity, 0, 0, -Infinity, 0.1, 0.2], gradient: false }, name: "NaN and infinities among zeros" },
  { x: [1, 3, 4, 3], grid: { shape: [1, 1, 6, 2], values: [NaN, 0, 0, NaN, Infinity, 0, 0, -Infinity, 0.1, 0.2, 3e38, -3e38], gradient: false }, options: { paddingMode: "border" }, name: "NaN and infinities at the border" },
  { x: [1, 3, 4, 4], grid: { shape: [1, 1, 4, 2], values: [NaN, 0, 0, NaN, Infinity, 0, 0, -Infinity], gradient: false }, options: { paddingMode: "reflection" }, name: "NaN and infinities reflected" },
  { x: [1, 3, 4, 4], grid: { shape: [1, 1, 3, 2], values: [NaN, 0, -Infinity, NaN, 1e20, 0], gradient: false }, options: { mode: "nearest" }, name: "nearest to nowhere" },
  { x: { shape: [1, 4, 4, 1], values: Array.from({ length: 16 }, (_, i) => (i === 5 ? NaN : i)), gradient: false }, grid: { shape: [1, 1, 2, 2], values: [-0.25, -0.25, 0.75, 0.75], gradient: false }, options: { mode: "nearest" }, name: "NaN is copied" },
]);

test("gradients at the edge are one-sided like PyTorch's", async () => {
  const device = await testDevice();
  using x = tensor(device, Float32Array.from({ length: 20 }, (_, i) => i + 1), [1, 4, 5, 1]);
  using grid = tensor(device, [-1, -1, 1, 1, 1.25, 0.25, 1.625, 0.25, -1.125, 0.25, -3, 0.25, 5, 0.25, -0.75, -0.75], [1, 1, 8, 2]);
  using ones = tensor(device, new Float32Array(8).fill(1), [1, 1, 8, 1]);
  const slopes = async (o: GridSampleOptions): Promise<number[]> => {
    const run = compile((a: Tensor<"f32">, b: Tensor<"f32">, seed: Tensor<"f32">) => gradients(gridSample(a, b, o), [b], seed)[0]!);
    using out = run(x, grid, ones);
    const found = [...(await out.data())].map((v) => Number(v.toFixed(4)) + 0);
    run.dispose();
    return found;
  };
  expect(await slopes({})).toEqual([1.25, 1, -25, -20, 0, 0, 0, 0, 27.5, 1.875, 0, 0, 0, 0, 2.5, 10]);
  expect(await slopes({ alignCorners: true })).toEqual([2, 7.5, -40, -30, -28.75, 3.75, 0, 0, 20.75, 5.625, 0, 0, 0, 0, 2, 7.5]);
  expect(await slopes({ paddingMode: "border" })).toEqual([0, 0, 0, 0, 0, 10, 0, 10, 0, 10, 0, 10, 0, 10, 2.5, 0]);
  expect(await slopes({ paddingMode: "reflection" })).toEqual([0, 0, 0, 0, -2.5, 10, -2.5, 10, 0, 10, 0, 10, 0, 10, 2.5, 0]);
  expect(await slopes({ paddingMode: "reflection", alignCorners: true })).toEqual([0, 0, 0, 0, -2, 7.5, -2, 7.5, -2, 7.5, 0, 7.5, 0, 7.5, 2, 7.5]);
});

const pair = { x: [1, 4, 4, 1], grid: [1, 2, 2, 2] };
testErrors("gridSample", [
  ["a grid of another number of images", { x: [2, 4, 4, 1], grid: [1, 2, 2, 2] }, ({ x, grid }) => gridSample(x!, grid!), "gridSample: grid must be [2, height, width, 2]: as many images as x, with x and y in the last axis.\n  x     [2, 4, 4, 1]  NHWC\n  grid  [1, 2, 2, 2]"],
  ["a grid of triples", { x: [1, 4, 4, 1], grid: [1, 2, 2, 3] }, ({ x, grid }) => gridSample(x!, grid!), "gridSample: grid must be [1, height, width, 2]: as many images as x, with x and y in the last axis.\n  x     [1, 4, 4, 1]  NHWC\n  grid  [1, 2, 2, 3]"],
  ["no pixels", { x: [1, 0, 4, 1], grid: [1, 2, 2, 2] }, ({ x, grid }) => gridSample(x!, grid!), "gridSample: x has no pixels.\n  x     [1, 0, 4, 1]  NHWC\n  grid  [1, 2, 2, 2]"],
  ["labels", { x: { shape: [1, 4, 4, 1], classes: 3 }, grid: [1, 2, 2, 2] }, ({ x, grid }) => gridSample(x!, grid!), 'gridSample: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a mode that does not exist", pair, ({ x, grid }) => gridSample(x!, grid!, { mode: "bicubic" as never }), 'gridSample: mode must be "bilinear" or "nearest" but is "bicubic".'],
  ["a padding that does not exist", pair, ({ x, grid }) => gridSample(x!, grid!, { paddingMode: "circular" as never }), 'gridSample: paddingMode must be "zeros", "border" or "reflection" but is "circular".'],
  ["an option that does not exist", pair, ({ x, grid }) => gridSample(x!, grid!, { padding: 1 } as never), 'gridSample: unknown option "padding". Options: mode, paddingMode, alignCorners.'],
]);
