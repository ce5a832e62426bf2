import { describe, expect, test } from "vitest";
import { eliminateCommon } from "../../../src/graph/passes/eliminate-common.js";
import { eliminateDead } from "../../../src/graph/passes/eliminate-dead.js";
import { narrowIndices } from "../../../src/graph/passes/narrow-indices.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { SegNet } from "../../../src/models/segnet.js";
import { cast } from "../../../src/ops/cast.js";
import { gradients } from "../../../src/ops/gradients.js";
import { maxPool2dWithIndices, type MaxPool2dOptions } from "../../../src/ops/max-pool2d.js";
import { maxUnpool2d } from "../../../src/ops/max-unpool2d.js";
import { exp, square } from "../../../src/ops/pointwise.js";
import { sum } from "../../../src/ops/sum.js";
import { captureGraph, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

type Floats = Tensor<"f32">;

/** Pools, does something to the values, and puts them back; with the gradient of that. */
const bothWays = (options: MaxPool2dOptions) => (x: Floats): Tensor[] => {
  const { out, indices } = maxPool2dWithIndices(x, options);
  const { ceilMode: _, ...windows } = options;
  const back = maxUnpool2d(square(out), indices, { ...windows, outputSize: [x.shape[1]!, x.shape[2]!] });
  return [back, ...gradients(back, [x], exp(back))];
};
const clean = (graph: Parameters<typeof narrowIndices>[0]) => eliminateCommon(eliminateDead(graph));

describe("narrowIndices", () => {
  test.for<[title: string, shape: number[], options: MaxPool2dOptions]>([
    ["2×2", [2, 6, 8, 4], { kernelSize: 2 }],
    ["2×2 rounded up, of one row", [1, 1, 9, 4], { kernelSize: 2, ceilMode: true }],
    ["padding, gaps and dilation", [1, 11, 13, 8], { kernelSize: [2, 3], stride: [4, 5], padding: [1, 1], dilation: [2, 2] }],
  ])("%s: bytes instead of indices, and the same bits", async ([, shape, options]) => {
    const device = await testDevice();
    const rng = random(shape.join());
    // Ties, and windows with nothing but NaN and -∞.
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i % 23 === 0 ? NaN : i % 7 === 0 ? -Infinity : Math.round(rng.normal())));
    const x = tensor(device, values, shape);
    const plain = await runWith(device, [x], bothWays(options) as never, clean);
    const narrow = await runWith(device, [x], bothWays(options) as never, clean, narrowIndices);
    expect(opNames(plain.plan.graph)).toEqual(expect.arrayContaining(["maxPool2dWithIndices", "maxUnpool2d", "maxUnpool2dGradient", "maxPool2dGradient"]));
    const names = opNames(narrow.plan.graph).filter((name) => name.startsWith("max"));
    expect(names).toEqual(["maxPool2dWindows", "maxPool2dWindowsGradient", "maxPool2dWindowsPick", "maxPool2dWindowsGradient"]);
    expect(narrow.results).toEqual(plain.results);
    for (const { plan } of [plain, narrow]) plan.dispose();
    x.dispose();
  });

  test("leaves indices that somebody asked for, and what is not undone window by window", async () => {
    const device = await testDevice();
    const names = (shape: number[], body: (x: Floats) => Tensor[]): string[] => opNames(narrowIndices(clean(captureGraph(device, [shape], body as never)))).filter((name) => name.startsWith("max"));
    const kept = ["maxPool2dWithIndices", "maxUnpool2d"];
    const undo = (x: Floats, pooling: MaxPool2dOptions, unpooling: object = pooling): { back: Tensor; indices: Tensor } => {
      const { out, indices } = maxPool2dWithIndices(x, pooling);
      return { back: maxUnpool2d(out, indices, unpooling as never), indices };
    };
    expect(names([1, 8, 8, 4], (x) => Object.values(undo(x, { kernelSize: 2 })))).toEqual(kept);
    expect(names([1, 8, 8, 4], (x) => [undo(x, { kernelSize: 2 }).back, cast(undo(x, { kernelSize: 2 }).indices, "f32")])).toEqual(kept);
    expect(names([1, 8, 8, 3], (x) => [undo(x, { kernelSize: 2 }).back])).toEqual(kept);
    expect(names([1, 9, 9, 4], (x) => [undo(x, { kernelSize: 3, stride: 2 }).back])).toEqual(kept);
    expect(names([1, 8, 8, 4], (x) => [undo(x, { kernelSize: 2 }, { kernelSize: 2, outputSize: [8, 9] }).back])).toEqual(kept);
    expect(names([1, 64, 64, 4], (x) => [undo(x, { kernelSize: 32 }).back])).toEqual(kept);
  });

  test("SegNet keeps no plane index in its plans", async () => {
    const device = await testDevice();
    using model = new SegNet({ classes: 4, widths: [4, 8, 8, 8, 8] }).to(device);
    const graph = narrowIndices(captureGraph(device, [[1, 33, 64, 3]], (x) => [sum(model.forward(x))]));
    expect(graph.nodes.flatMap(({ outputs }) => Object.values(outputs)).filter(({ dtype }) => dtype === "u32")).toEqual([]);
    expect(opNames(graph).filter((name) => name === "maxPool2dWindows")).toHaveLength(5);
  });
});
