import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { gradients } from "../../src/ops/gradients.js";
import { testDevice } from "../support/device.js";
import { checkForward, checkGradients } from "../support/pytorch.js";
import { readFamily, type PyTorchConfiguration } from "../support/pytorch-file.js";

// What PyTorch's layer gave (scripts/reference/families/layers.py).
const family = await readFamily("layers");
const cases = family.cases.filter(({ op }) => op === "BatchNorm2d");
const inputsOf = ({ inputs }: PyTorchConfiguration): Record<string, Float32Array> => Object.fromEntries(Object.entries(inputs).map(([k, spec]) => [k, family.make(spec) as Float32Array]));
const inputs = inputsOf(cases[0]!);

/** With the numbers of a PyTorch case. */
async function layer(c = cases[0]!): Promise<{ norm: BatchNorm2d; x: Tensor<"f32"> }> {
  const device = await testDevice();
  const { momentum, ...options } = c.options;
  const norm = new BatchNorm2d(3, { ...options, ...(momentum !== undefined && { momentum: momentum === "average" ? null : (momentum as number) }) }).to(device);
  const { x, gamma, beta, mean, variance } = inputsOf(c);
  norm.weight.write(gamma!);
  norm.bias.write(beta!);
  norm.runningMean.write(mean!);
  norm.runningVar.write(variance!);
  return { norm, x: tensor(device, x!, c.inputs["x"]!.shape) };
}

describe("BatchNorm2d", () => {
  test.each(cases.map((c) => [c.name, c] as const))("in training gives PyTorch's output, gradients and running statistics: %s", async (_, c) => {
    const device = await testDevice();
    const { norm, x } = await layer(c);
    const cotangent = c.cotangents!["out"]!;
    using seed = tensor(device, family.make(cotangent) as Float32Array, cotangent.shape);
    const result = compile((x: Tensor, seed: Tensor) => {
      const out = norm.forward(x);
      return [out, ...gradients(out, [x, norm.weight, norm.bias], seed)];
    })(x, seed);
    const [out, ...grads] = await Promise.all(result.map(async (t) => ({ shape: t.shape, dtype: t.dtype, data: (await t.data()) as Float32Array })));
    checkForward("out", family, out!.data, c.outputs["out"]!);
    checkGradients(family, c, grads);
    checkForward("runningMean", family, await norm.runningMean.data(), c.outputs["runningMean"]!);
    checkForward("runningVar", family, await norm.runningVar.data(), c.outputs["runningVar"]!);
    expect([...(await norm.numBatchesTracked.data())]).toEqual([1]);
    [x, ...result].forEach((t) => t.dispose());
    norm.dispose();
  });

  test("updates its statistics with every call, eagerly and in plans", async () => {
    const { norm, x } = await layer();
    const forward = compile((x: Tensor) => norm.forward(x));
    forward(x).dispose();
    forward(x).dispose();
    norm.forward(x).dispose();
    expect([...(await norm.numBatchesTracked.data())]).toEqual([3]);
    // 0.5 and then three steps of a tenth towards the batch's mean.
    const mean = inputs["x"]!.filter((_, i) => i % 3 === 0).reduce((a, b) => a + b, 0) / 12;
    expect((await norm.runningMean.data())[0]).toBeCloseTo(mean + (0.5 - mean) * 0.9 ** 3, 5);
    x.dispose();
    norm.dispose();
  });

  test("in evaluation uses the running statistics and leaves them alone; switching needs nothing from the caller", async () => {
    const { norm, x } = await layer();
    const forward = compile((x: Tensor) => norm.forward(x));
    norm.eval();
    using out = forward(x);
    const [x0, gamma, beta] = [inputs["x"]![0]!, inputs["gamma"]![0]!, inputs["beta"]![0]!];
    expect((await out.data())[0]).toBeCloseTo(((x0 - 0.5) / Math.sqrt(1 + 1e-5)) * gamma + beta, 5);
    expect([...(await norm.runningMean.data())]).toEqual([0.5, -1, 2]);
    norm.train();
    forward(x).dispose();
    expect([...(await norm.numBatchesTracked.data())]).toEqual([1]);
    x.dispose();
    norm.dispose();
  });

  test("two uses in one plan both count", async () => {
    const { norm, x } = await layer();
    const [a, b] = compile((x: Tensor) => [norm.forward(x), norm.forward(x)])(x);
    expect([...(await norm.numBatchesTracked.data())]).toEqual([2]);
    [a!, b!, x].forEach((t) => t.dispose());
    norm.dispose();
  });

  test("refuses what makes no sense", async () => {
    const device = await testDevice();
    expect(() => new BatchNorm2d(0)).toThrow("BatchNorm2d: channels must be a whole number of at least 1 but is 0.");
    expect(() => new BatchNorm2d(4, { momentum: 2 })).toThrow("BatchNorm2d: momentum must be between 0 and 1, or null, but is 2.");
    using norm = new BatchNorm2d(2).to(device);
    using x = tensor(device, [1, 2], [1, 1, 1, 2]);
    expect(() => norm.forward(x)).toThrow("batchNorm2d: training needs more than one value per channel, but batch × height × width is 1.");
  });
});
