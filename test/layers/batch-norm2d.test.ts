import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { gradients } from "../../src/ops/gradients.js";
import { forwardMismatch } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { pytorchCases } from "../support/fixture.js";

const { inputs, outputs, cotangent, grads } = pytorchCases.find(({ op }) => op === "batchNorm2d")!;
const floats = (values: ArrayLike<number>): Float32Array<ArrayBuffer> => Float32Array.from(values);

/** With the numbers of the PyTorch case. */
async function layer(): Promise<{ norm: BatchNorm2d; x: Tensor<"f32"> }> {
  const device = await testDevice();
  const norm = new BatchNorm2d(3).to(device);
  norm.weight.write(floats(inputs["gamma"]!.data));
  norm.bias.write(floats(inputs["beta"]!.data));
  norm.runningMean.write(floats([0.5, -1, 2]));
  norm.runningVar.write(floats([1, 2, 0.25]));
  return { norm, x: tensor(device, floats(inputs["x"]!.data), inputs["x"]!.shape) };
}

describe("BatchNorm2d", () => {
  test("in training gives PyTorch's output, gradients and running statistics", async () => {
    const device = await testDevice();
    const { norm, x } = await layer();
    using seed = tensor(device, floats(cotangent.data), cotangent.shape);
    const result = compile((x: Tensor, seed: Tensor) => {
      const out = norm.forward(x);
      return [out, ...gradients(out, [x, norm.weight, norm.bias], seed)];
    })(x, seed);
    for (const [i, expected] of [outputs["out"]!, grads["x"]!, grads["gamma"]!, grads["beta"]!].entries()) expect(forwardMismatch(await result[i]!.data(), expected, { forward: 5e-6 }, false)).toBeUndefined();
    expect(forwardMismatch(await norm.runningMean.data(), outputs["runningMean"]!, {}, false)).toBeUndefined();
    expect(forwardMismatch(await norm.runningVar.data(), outputs["runningVar"]!, {}, false)).toBeUndefined();
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
    const mean = inputs["x"]!.data.filter((_, i) => i % 3 === 0).reduce((a, b) => a + b, 0) / 12;
    expect((await norm.runningMean.data())[0]).toBeCloseTo(mean + (0.5 - mean) * 0.9 ** 3, 5);
    x.dispose();
    norm.dispose();
  });

  test("in evaluation uses the running statistics and leaves them alone; switching needs nothing from the caller", async () => {
    const { norm, x } = await layer();
    const forward = compile((x: Tensor) => norm.forward(x));
    norm.eval();
    using out = forward(x);
    const [x0, gamma, beta] = [inputs["x"]!.data[0]!, inputs["gamma"]!.data[0]!, inputs["beta"]!.data[0]!];
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
    expect(() => new BatchNorm2d(4, { momentum: 2 })).toThrow("BatchNorm2d: momentum must be between 0 and 1 but is 2.");
    using norm = new BatchNorm2d(2).to(device);
    using x = tensor(device, [1, 2], [1, 1, 1, 2]);
    expect(() => norm.forward(x)).toThrow("batchNorm2d: training needs more than one value per channel, but batch × height × width is 1.");
  });
});
