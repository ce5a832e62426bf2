import { describe, expect, test } from "vitest";
import { eliminateCommon } from "../../../src/graph/passes/eliminate-common.js";
import { eliminateDead } from "../../../src/graph/passes/eliminate-dead.js";
import { fuseCasts } from "../../../src/graph/passes/fuse-casts.js";
import { fuseResize } from "../../../src/graph/passes/fuse-resize.js";
import { skipOrdered } from "../../../src/graph/passes/skip-ordered.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { argmax } from "../../../src/ops/argmax.js";
import { argmin } from "../../../src/ops/argmin.js";
import { cast } from "../../../src/ops/cast.js";
import { crossEntropy, type CrossEntropyOptions } from "../../../src/ops/cross-entropy.js";
import { gradients } from "../../../src/ops/gradients.js";
import { logSoftmax } from "../../../src/ops/log-softmax.js";
import { add, full, mul } from "../../../src/ops/pointwise.js";
import { resize, type ResizeOptions } from "../../../src/ops/resize.js";
import { softmax } from "../../../src/ops/softmax.js";
import { captureGraph, furthest, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

type Floats = Tensor<"f32">;
type Body = (...inputs: Floats[]) => readonly Tensor[];

const passes = [skipOrdered, eliminateDead, fuseCasts, fuseResize, eliminateCommon, eliminateDead];

/** The ops that are left of `body` for a map of [2, 3, 4, 5]. */
async function fusedNames(body: Body, ...shapes: (readonly number[])[]): Promise<string[]> {
  const device = await testDevice();
  return opNames(passes.reduce((graph, pass) => pass(graph), captureGraph(device, [[2, 3, 4, 5], ...shapes], body)));
}

/** Runs `body` with and without the passes; both results. */
async function both(inputs: Tensor[], body: Body): Promise<[plain: Float32Array[], fused: Float32Array[]]> {
  const device = await testDevice();
  const [plain, fused] = [await runWith(device, inputs, body), await runWith(device, inputs, body, ...passes)];
  expect(fused.plan.lowered.calls.length).toBeLessThan(plain.plan.lowered.calls.length);
  for (const { plan } of [plain, fused]) plan.dispose();
  return [plain.results, fused.results];
}

describe("argmax of a resized map", () => {
  test("is one kernel that writes bytes, softmax or not", async () => {
    expect(await fusedNames((x) => [cast(argmax(softmax(resize(x, { size: [12, 13] }))), "u8")])).toEqual(["upsampledArgmax"]);
    expect(await fusedNames((x) => [cast(argmax(logSoftmax(x)), "u8")])).toEqual(["argmax"]);
    expect(await fusedNames((x) => [argmax(resize(x, { size: 9, alignCorners: true }))])).toEqual(["upsampledArgmax"]);
  });

  test("is left alone where the map is needed, or another search", async () => {
    expect(await fusedNames((x) => {
      const map = resize(x, { size: 9 });
      return [argmax(map), map];
    })).toEqual(["resize", "argmax"]);
    expect(await fusedNames((x) => [argmin(softmax(resize(x, { size: 9 })))])).toEqual(["resize", "softmax", "argmax"]);
    expect(await fusedNames((x) => [argmax(resize(x, { size: 9 }), { axis: 1 })])).toEqual(["resize", "argmax"]);
    expect(await fusedNames((x) => [argmax(resize(x, { size: 9, mode: "nearest" }))])).toEqual(["resize", "argmax"]);
    expect(await fusedNames((x) => [cast(argmax(x), "f32")])).toEqual(["argmax", "cast"]);
  });

  // Whole numbers below 4: equal logits in many places, also half-way between two pixels.
  const sizes: [string, number[], ResizeOptions][] = [
    ["enlarged", [2, 3, 5, 21], { size: [13, 33] }],
    ["enlarged, corners aligned", [1, 5, 3, 4], { size: [33, 18], alignCorners: true }],
    ["twice as large", [2, 4, 3, 3], { size: [8, 6] }],
    ["shrunk", [1, 9, 11, 3], { size: [4, 5] }],
    ["rows of one pixel", [3, 2, 1, 2], { size: [5, 1] }],
    ["by a factor", [1, 3, 4, 6], { scaleFactor: [2.5, 3.3] }],
  ];
  test.each(sizes)("%s: the same classes", async (name, shape, options) => {
    const device = await testDevice();
    const rng = random(name);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.floor(4 * rng.uniform()));
    data[Math.floor(data.length / 2)] = NaN;
    data[0] = -Infinity;
    using x = tensor(device, data, shape);
    const [plain, fused] = await both([x], (map) => {
      const best = argmax(resize(map, options));
      return [best, cast(best, "u8")];
    });
    expect(fused).toEqual(plain);
    const [, bytes] = await both([x], (map) => [cast(argmax(resize(map, options), { keepDims: true }), "u8")]);
    expect(bytes[0]).toEqual(plain[1]);
    const [map, plainBytes] = await both([x], (logits) => [cast(argmax(logits), "u8")]);
    expect(plainBytes).toEqual(map);
  });
});

describe("cross-entropy of a resized map", () => {
  /** Logits as they are, and labels as probabilities' neighbours: f32 class numbers, which the body turns into bytes. */
  const loss = (x: Floats, labels: Floats, resizing: ResizeOptions, options: CrossEntropyOptions = {}): Tensor<"f32"> => crossEntropy(resize(x, resizing), cast(labels, "u8"), options);
  const slope = (value: Tensor, x: Floats): Tensor => gradients(value, [x], full(value.shape, 1))[0]!;

  test("takes the resize in, and so does its gradient", async () => {
    const labels = [2, 9, 11];
    expect(await fusedNames((x, y) => {
      const value = loss(x, y!, { size: [9, 11] });
      return [value, slope(value, x)];
    }, labels)).toEqual(["cast", "upsampledCrossEntropy", "const", "upsampledCrossEntropyGradient"]);
    expect(await fusedNames((x, y) => {
      const map = resize(x, { size: [9, 11], alignCorners: true });
      return [crossEntropy(map, cast(y!, "u8"), { reduction: "none" }), argmax(map)];
    }, labels)).toEqual(["cast", "upsampledCrossEntropyPixels", "upsampledArgmax"]);
  });

  test("stays apart where the map or its gradient is needed, or the placement is another", async () => {
    const labels = [2, 9, 11];
    for (const body of [
      (x: Floats, y: Floats) => {
        const map = resize(x, { size: [9, 11] });
        return [crossEntropy(map, cast(y, "u8")), mul(map, 2)];
      },
      (x: Floats, y: Floats) => {
        const map = resize(x, { size: [9, 11] });
        return [slope(crossEntropy(map, cast(y, "u8")), map)];
      },
      (x: Floats, y: Floats) => {
        const map = resize(x, { size: [9, 11] });
        return [slope(add(crossEntropy(map, cast(y, "u8")), crossEntropy(map, cast(y, "u8"), { reduction: "sum" })), x)];
      },
      (x: Floats, y: Floats) => [loss(x, y, { scaleFactor: [3.2, 2.8] })],
    ] as Body[]) expect((await fusedNames(body, labels)).filter((name) => name.startsWith("upsampled"))).toEqual([]);
  });

  test("takes a resize of f16 in, whose map is not stored, and computes as in f32", async ({ skip }) => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) skip("the adapter has no shader-f16");
    const rng = random("half logits");
    using x = tensor(device, Float32Array.from({ length: 120 }, () => Math.round(30 * rng.normal()) / 8), [2, 3, 4, 5]);
    using y = tensor(device, Float32Array.from({ length: 198 }, () => Math.floor(5 * rng.uniform())), [2, 9, 11]);
    const body = (dtype: "f16" | "f32"): Body => (map, labels) => {
      const logits = cast(map, dtype) as Tensor as Floats;
      const value = loss(logits, labels!, { size: [9, 11] });
      return [value, cast(argmax(resize(logits, { size: [9, 12] })), "f32"), cast(slope(value, logits), "f32")];
    };
    const half = await runWith(device, [x, y], body("f16"), ...passes);
    const single = await runWith(device, [x, y], body("f32"), ...passes);
    expect(opNames(half.plan.graph)).toEqual(expect.arrayContaining(["upsampledCrossEntropy", "upsampledArgmax", "upsampledCrossEntropyGradient"]));
    expect(opNames(half.plan.graph).filter((name) => name.startsWith("resize"))).toEqual([]);
    expect(half.results.slice(0, 2)).toEqual(single.results.slice(0, 2));
    expect(furthest([half.results[2]!], [single.results[2]!])).toBeLessThan(2e-3 * Math.max(...single.results[2]!.map(Math.abs)));
    for (const { plan } of [half, single]) plan.dispose();
  });

  const options: [string, ResizeOptions, CrossEntropyOptions][] = [
    ["mean", { size: [9, 11] }, { ignoreIndex: 2 }],
    ["sum, corners aligned", { size: [9, 11], alignCorners: true }, { reduction: "sum", weight: [1, 2, 0.5, 1, 3], labelSmoothing: 0.1 }],
    ["none", { size: [9, 11] }, { reduction: "none" }],
  ];
  test.each(options)("%s: the same loss and gradient", async (name, resizing, given) => {
    const device = await testDevice();
    const rng = random(name);
    using x = tensor(device, Float32Array.from({ length: 120 }, () => 3 * rng.normal()), [2, 3, 4, 5]);
    using y = tensor(device, Float32Array.from({ length: 198 }, () => Math.floor(5 * rng.uniform())), [2, 9, 11]);
    const [plain, fused] = await both([x, y], (map, labels) => {
      const value = loss(map, labels!, resizing, given);
      return [value, slope(value, map)];
    });
    expect(furthest(fused, plain)).toBeLessThan(2e-4);
  });
});
