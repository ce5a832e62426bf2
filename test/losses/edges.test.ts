/** What all losses do at the edges: no pixels, labels that wrap, arguments of the wrong kind. */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import * as losses from "../../src/losses/index.js";
import { gradients } from "../../src/ops/gradients.js";
import { full } from "../../src/ops/pointwise.js";
import type { DType } from "../../src/runtime/dtype.js";
import { testDevice } from "../support/device.js";

type Loss = (logits: Tensor<"f32">, labels: Tensor, options?: object) => Tensor<"f32">;

const { crossEntropy, upsampledCrossEntropy, binaryCrossEntropy, lovaszHingeLoss, weightedSum: _, ...ofClasses } = losses;
const finite = ofClasses as Record<string, Loss>;

async function value(loss: Loss, logits: number[], shape: number[], labels: ArrayLike<number> & { slice(): unknown }, options?: object, labelShape = shape.slice(0, -1)): Promise<number> {
  const device = await testDevice();
  using x = tensor(device, Float32Array.from(logits), shape);
  using y = tensor(device, labels as Uint8Array<ArrayBuffer>, labelShape) as Tensor<DType>;
  using out = loss(x, y, options);
  return out.item();
}

describe("a batch of nothing", () => {
  const perImage = ["diceLoss", "jaccardLoss", "tverskyLoss", "focalTverskyLoss", "generalizedDiceLoss", "mccLoss", "lovaszSoftmaxLoss"];
  test.each(Object.keys(finite))("%s is finite", async (name) => {
    expect(await value(finite[name]!, [], [0, 3, 4, 3], new Uint8Array(0))).toSatisfy(Number.isFinite);
    expect(await value(finite[name]!, [], [2, 0, 4, 3], new Uint8Array(0))).toSatisfy(Number.isFinite);
    if (perImage.includes(name)) expect(await value(finite[name]!, [], [0, 3, 4, 3], new Uint8Array(0), { perImage: true })).toBe(0);
  });

  test("single logits", async () => {
    expect(await value(binaryCrossEntropy as Loss, [], [0, 3, 4, 1], new Uint8Array(0))).toBe(0);
    expect(await value(lovaszHingeLoss, [], [0, 3, 4, 1], new Uint8Array(0), { perImage: true })).toBe(0);
  });

  test("cross-entropy is NaN as in PyTorch, unless asked for 0", async () => {
    for (const [loss, labels] of [[crossEntropy, new Uint8Array(0)], [crossEntropy, new Float32Array(0)], [upsampledCrossEntropy, new Uint8Array(0)]] as const) {
      const shape = labels instanceof Float32Array ? [0, 3, 4, 3] : undefined;
      expect(await value(loss as Loss, [], [0, 3, 4, 3], labels, {}, shape)).toBeNaN();
      expect(await value(loss as Loss, [], [0, 3, 4, 3], labels, { emptyIsZero: true }, shape)).toBe(0);
    }
  });
});

describe("the mean over no pixel at all", () => {
  // As in PyTorch: NaN, whose gradient is 0 where pixels are ignored, and NaN where classes of weight 0 are divided by their sum.
  test.each([["crossEntropy", crossEntropy], ["upsampledCrossEntropy", upsampledCrossEntropy]] as [string, Loss][])("%s", async (_name, loss) => {
    const device = await testDevice();
    using x = tensor(device, Float32Array.of(1, 2, 3, 4, 5, 6), [1, 1, 2, 3]);
    using y = tensor(device, Uint8Array.of(2, 2), [1, 1, 2]);
    const slopes = async (options: object): Promise<number[]> => {
      const step = compile((logits: Tensor<"f32">, labels: Tensor<"u8">) => gradients(loss(logits, labels, options), [logits], full([], 1))[0]!);
      using grad = step(x, y);
      return [...(await grad.data())] as number[];
    };
    expect(await slopes({ ignoreIndex: 2 })).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await slopes({ ignoreIndex: 2, emptyIsZero: true })).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await slopes({ weight: [1, 1, 0] })).toEqual(new Array(6).fill(NaN));
    expect(await slopes({ weight: [1, 1, 0], emptyIsZero: true })).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("ignoreIndex", () => {
  const logits = [0, 0, 0, 1, 2, 3];

  test.each(["crossEntropy", "upsampledCrossEntropy", ...Object.keys(finite)])("%s: −1 in unsigned labels", async (name) => {
    const loss = { ...finite, crossEntropy, upsampledCrossEntropy }[name] as Loss;
    const wrapped = await value(loss, logits, [1, 1, 2, 3], Uint32Array.of(-1, 1), { ignoreIndex: -1 });
    expect(wrapped).toBe(await value(loss, logits, [1, 1, 2, 3], Int32Array.of(-1, 1), { ignoreIndex: -1 }));
  });

  test.each(["crossEntropy", "upsampledCrossEntropy", ...Object.keys(finite)])("%s refuses what would wrap to a class", async (name) => {
    const loss = { ...finite, crossEntropy, upsampledCrossEntropy }[name] as Loss;
    await expect(value(loss, logits, [1, 1, 2, 3], Uint32Array.of(0, 1), { ignoreIndex: 2 ** 32 + 1 })).rejects.toThrow(": ignoreIndex must be a whole number of 32 bits but is 4294967297.");
  });
});

describe("arguments of the wrong kind", () => {
  test.each(["crossEntropy", "upsampledCrossEntropy", ...Object.keys(finite)])("%s", async (name) => {
    const loss = { ...finite, crossEntropy, upsampledCrossEntropy }[name] as Loss;
    const device = await testDevice();
    using x = tensor(device, new Float32Array(6), [1, 1, 2, 3]);
    using y = tensor(device, new Uint8Array(2), [1, 1, 2]);
    expect(() => loss(x, [0, 1] as never)).toThrow("labels must be a tensor but is an array. Make one with tensor(device, data, shape).");
    expect(() => loss([0, 1] as never, y)).toThrow("logits must be a tensor but is an array. Make one with tensor(device, data, shape).");
    if (!name.startsWith("lovasz")) expect(() => loss(x, y, { pixelWeight: [1, 1] })).toThrow("pixelWeight must be a tensor but is an array.");
  });

  test("class weights and switches", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(6), [1, 1, 2, 3]);
    using y = tensor(device, new Uint8Array(2), [1, 1, 2]);
    const weight = Float32Array.of(1, 2, 3) as never;
    expect(() => losses.focalLoss(x, y, { weight })).toThrow("focalLoss: weight must be an array of 3 numbers, one for each class.");
    expect(() => crossEntropy(x, y, { weight })).toThrow("crossEntropy: weight must be a tensor but is another object.");
    for (const [loss, name] of [[losses.diceLoss, "log"], [losses.diceLoss, "squared"], [losses.jaccardLoss, "squared"], [losses.tverskyLoss, "log"], [losses.mccLoss, "perImage"], [losses.boundaryLoss, "includeBackground"],
      [losses.hausdorffLoss, "includeBackground"], [losses.lovaszSoftmaxLoss, "perImage"], [losses.sigmoidFocalLoss, "normalized"], [crossEntropy, "emptyIsZero"], [upsampledCrossEntropy, "alignCorners"]] as const)
      expect(() => (loss as Loss)(x, y, { [name]: "no" })).toThrow(`${loss.name}: ${name} must be true or false but is "no".`);
  });

  test("several labels a pixel have no softmax", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array(6), [2, 3]);
    using y = tensor(device, new Uint8Array(6), [2, 3]);
    expect(() => losses.lovaszSoftmaxLoss(x, y)).toThrow('lovaszSoftmaxLoss: several labels a pixel (whole numbers of the shape of logits) need activation "sigmoid". For a softmax give one class number per pixel.');
  });
});
