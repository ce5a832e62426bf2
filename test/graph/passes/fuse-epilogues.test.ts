import { describe, expect, test } from "vitest";
import { fuseEpilogues } from "../../../src/graph/passes/fuse-epilogues.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { nodeLabel } from "../../../src/graph/describe.js";
import { hardSigmoid, hardSwish, relu, relu6, sigmoid, silu } from "../../../src/ops/activations.js";
import { batchNormInference, batchNormTrain } from "../../../src/ops/batch-norm2d.js";
import { conv2d } from "../../../src/ops/conv2d.js";
import { convTranspose2d } from "../../../src/ops/conv-transpose2d.js";
import { add, mul } from "../../../src/ops/pointwise.js";
import { forwardMismatch } from "../../support/compare.js";
import { captureGraph, furthest, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

type Floats = Tensor<"f32">;
const shapes = [[1, 6, 5, 4], [8, 3, 3, 4], [8], [1, 6, 5, 8]] as const;

describe("fuseEpilogues", () => {
  test("puts bias, residual and ReLU into the convolution", async () => {
    const device = await testDevice();
    const after = fuseEpilogues(captureGraph(device, shapes, (x, w, b, r) => [relu(add(add(conv2d(x, w, { padding: 1 }), b), r))]));
    expect(opNames(after)).toEqual(["conv2d"]);
    expect(Object.keys(after.nodes[0]!.inputs).sort()).toEqual(["bias", "residual", "weight", "x"]);
    expect(after.nodes[0]!.options).toMatchObject({ activation: "relu" });
  });

  test("waits for a residual that comes later", async () => {
    const device = await testDevice();
    const after = fuseEpilogues(captureGraph(device, shapes, (x, w, _, r) => {
      const conv = conv2d(x, w, { padding: 1 });
      return [relu(add(mul(r, r), conv))];
    }));
    expect(opNames(after)).toEqual(["mul", "conv2d"]);
  });

  test("leaves alone what has another reader, another shape, or comes after the activation", async () => {
    const device = await testDevice();
    const names = (body: (x: Floats, w: Floats, b: Floats, r: Floats) => Tensor[]): string[] => opNames(fuseEpilogues(captureGraph(device, shapes, body as never)));
    expect(names((x, w) => {
      const conv = conv2d(x, w, { padding: 1 });
      return [relu(conv), conv];
    })).toEqual(["conv2d", "relu"]);
    expect(names((x, w, _, r) => [add(relu(conv2d(x, w, { padding: 1 })), r)])).toEqual(["conv2d", "add"]);
    expect(names((x, w, b) => [add(conv2d(x, w, { padding: 1, bias: b }), b)])).toEqual(["conv2d", "add"]);
    const two = names((x, w, _, r) => [add(add(conv2d(x, w, { padding: 1 }), r), r)]);
    expect(two).toEqual(["conv2d", "add"]);
    expect(names((x, w) => [add(conv2d(x, w, { padding: 1 }), 1)])).toEqual(["conv2d", "const+add"]);
    const both = names((x, w) => [add(conv2d(x, w, { padding: 1 }), conv2d(x, w, { padding: 1 }))]);
    expect(both).toEqual(["conv2d", "conv2d"]);
  });

  test("puts ReLU into a batch norm, which stays before those who read its statistics", async () => {
    const device = await testDevice();
    const body = (x: Floats, gamma: Floats, beta: Floats): Tensor[] => {
      const { out, mean } = batchNormTrain(x, gamma, beta);
      return [mul(mean, 2), relu(out)];
    };
    const rng = random("batch norm and ReLU");
    for (const c of [8, 3]) {
      const inputs = [[2, 5, 7, c], [c], [c]].map((shape) => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()), shape) as Floats);
      const plain = await runWith(device, inputs, body as never);
      const fused = await runWith(device, inputs, body as never, fuseEpilogues);
      expect(opNames(fused.plan.graph)).toEqual(["batchNormTrain", "const+mul"]);
      expect(fused.results).toEqual(plain.results);
      for (const { plan } of [plain, fused]) plan.dispose();
      for (const t of inputs) t.dispose();
    }
  });

  test.for(["relu", "relu6", "hardSigmoid", "hardSwish", "sigmoid", "silu"] as const)("%s becomes part of what is before it, and gives the same numbers, not finite ones too", async (name) => {
    const device = await testDevice();
    const act = { relu, relu6, hardSigmoid, hardSwish, sigmoid, silu }[name];
    const bodies: Record<string, (x: Floats, w: Floats, b: Floats) => Tensor> = {
      conv2d: (x, w) => conv2d(x, w, { padding: 1 }),
      conv2dInputGradient: (x, w) => convTranspose2d(x, w, { stride: 2 }),
      "conv2d of depthwise": (x, w) => conv2d(x, w, { padding: 1, groups: x.shape[3]! }),
      batchNormInference: (x, _, b) => batchNormInference(x, b, b, b, b),
    };
    const rng = random("fused activations");
    for (const [kind, c] of [["conv2d", 4], ["conv2d", 5], ["conv2dInputGradient", 4], ["conv2d of depthwise", 8], ["batchNormInference", 4], ["batchNormInference", 3]] as const) {
      const weight = [c, 3, 3, kind === "conv2d of depthwise" ? 1 : c];
      const values = Float32Array.from({ length: 2 * 7 * 9 * c }, () => 4 * rng.normal());
      [NaN, Infinity, -Infinity, 1e30, -1e30, 0].forEach((value, i) => (values[(i * 10 + 3) * c] = value));
      const inputs = [tensor(device, values, [2, 7, 9, c]), ...[weight, [c]].map((shape) => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.2 + rng.uniform()), shape))] as Floats[];
      const body = (x: Floats, w: Floats, b: Floats): Tensor[] => [act(bodies[kind]!(x, w, b))];
      const plain = await runWith(device, inputs, body as never);
      const fused = await runWith(device, inputs, body as never, fuseEpilogues);
      expect(opNames(fused.plan.graph), kind).toEqual([kind.split(" ")[0]]);
      expect(nodeLabel(fused.plan.graph.nodes[0]!)).toContain(name);
      expect(forwardMismatch(fused.results[0]!, { shape: [...fused.plan.graph.outputs[0]!.shape], data: Float64Array.from(plain.results[0]!) }, {}, false), `${kind}, ${c} channels`).toBeUndefined();
      for (const { plan } of [plain, fused]) plan.dispose();
      for (const t of inputs) t.dispose();
    }
  });

  test("gives the same numbers", async () => {
    const device = await testDevice();
    const rng = random("fuse-epilogues");
    const draw = (shape: readonly number[]): Floats => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()), [...shape]) as Floats;
    const inputs = shapes.map(draw);
    const bodies: ((x: Floats, w: Floats, b: Floats, r: Floats) => Tensor[])[] = [
      (x, w, b, r) => [relu(add(add(conv2d(x, w, { padding: 1 }), b), r))],
      (x, w, b, r) => [relu(add(r, conv2d(x, w, { padding: 1, bias: b })))],
      (x, w) => [add(conv2d(x, w, { padding: 1 }), conv2d(x, w, { padding: 1 }))],
      (_, w, b, r) => [relu(convTranspose2d(r, w, { padding: 1 })), b],
    ];
    for (const [i, body] of bodies.entries()) {
      const plain = await runWith(device, inputs, body as never);
      const fused = await runWith(device, inputs, body as never, fuseEpilogues);
      expect(fused.plan.lowered.calls.length, `body ${i}`).toBeLessThan(plain.plan.lowered.calls.length);
      expect(furthest(fused.results, plain.results), `body ${i}`).toBeLessThan(1e-4);
      for (const { plan } of [plain, fused]) plan.dispose();
    }
    for (const t of inputs) t.dispose();
  });
});
