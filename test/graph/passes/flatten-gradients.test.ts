import { describe, expect, test } from "vitest";
import { eliminateCommon } from "../../../src/graph/passes/eliminate-common.js";
import { eliminateDead } from "../../../src/graph/passes/eliminate-dead.js";
import { flattenGradients } from "../../../src/graph/passes/flatten-gradients.js";
import { fuseEpilogues } from "../../../src/graph/passes/fuse-epilogues.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { silu } from "../../../src/ops/activations.js";
import { batchNormInference, batchNormTrain } from "../../../src/ops/batch-norm2d.js";
import { gradients } from "../../../src/ops/gradients.js";
import { mul, relu, relu6 } from "../../../src/ops/pointwise.js";
import { captureGraph, furthest, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

type Floats = Tensor<"f32">;
type Body = (x: Floats, gamma: Floats, beta: Floats, seed: Floats) => Tensor[];

const before = [eliminateDead, eliminateCommon, fuseEpilogues] as const;
/** A batch norm, an activation, and the gradients of all that goes in. */
const layer = (activate: (x: Floats) => Floats): Body => (x, gamma, beta, seed) => {
  const y = activate(batchNormTrain(x, gamma, beta).out as Floats);
  return [y, ...gradients(y, [x, gamma, beta], seed)];
};

describe("flattenGradients", () => {
  test.for([["relu", relu, 8], ["relu", relu, 3], ["relu6", relu6, 8], ["relu6", relu6, 3]] as const)("%s of %i channels: the batch norm's gradients find the flat parts themselves", async ([name, activate, c]) => {
    const device = await testDevice();
    const rng = random(`${name} ${c}`);
    const draw = (shape: number[], scale: number): Floats => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => scale * rng.normal()), shape) as Floats;
    // Gamma large enough for values above 6.
    const inputs = [draw([3, 9, 11, c], 1), draw([c], 5), draw([c], 2), draw([3, 9, 11, c], 1)];
    const plain = await runWith(device, inputs, layer(activate as never) as never, ...before);
    const flat = await runWith(device, inputs, layer(activate as never) as never, ...before, flattenGradients);
    expect(opNames(plain.plan.graph)).toEqual(["batchNormTrain", `${name}Gradient`, "batchNormSums", "batchNormInputGradient"]);
    expect(opNames(flat.plan.graph)).toEqual(["batchNormTrain", "batchNormSums", "batchNormInputGradient"]);
    const largest = Math.max(...plain.results.flatMap((result) => [...result].map(Math.abs)));
    expect(largest).toBeGreaterThan(6);
    expect(furthest(flat.results, plain.results)).toBeLessThan(1e-6 * largest);
    for (const { plan } of [plain, flat]) plan.dispose();
    for (const t of inputs) t.dispose();
  });

  test("leaves a gradient that somebody else reads, of other activations, and of what is no batch norm's output", async () => {
    const device = await testDevice();
    const shapes = [[2, 4, 4, 8], [8], [8], [2, 4, 4, 8]];
    const names = (body: Body): string[] => opNames([...before, flattenGradients].reduce((graph, pass) => pass(graph), captureGraph(device, shapes, body as never)));
    expect(names((x, gamma, beta, seed) => {
      const norm = batchNormTrain(x, gamma, beta).out as Floats;
      return gradients(relu(norm), [x, norm], seed);
    })).toContain("reluGradient");
    expect(names((x, gamma, beta, seed) => gradients(relu(mul(batchNormTrain(x, gamma, beta).out, 2)), [x], seed))).toContain("reluGradient");
    expect(names((x, gamma, beta, seed) => gradients(relu(batchNormInference(x, gamma, beta, beta, gamma)), [x, gamma], seed))).toContain("reluGradient");
    expect(names(layer(silu as never)).join()).toContain("sigmoid");
  });
});
