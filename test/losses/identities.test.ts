import { expect, test } from "vitest";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { binaryCrossEntropy, crossEntropy, diceLoss, focalLoss, hardPixelCrossEntropy, jaccardLoss, sigmoidFocalLoss, tverskyLoss } from "../../src/losses/index.js";
import { oneHot } from "../../src/ops/one-hot.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

const rng = random("losses");
const logits = Float32Array.from({ length: 2 * 9 * 11 * 4 }, () => rng.normal());
const labels = Uint8Array.from({ length: 2 * 9 * 11 }, () => rng.integer(4));

async function value(loss: (x: Tensor<"f32">, y: Tensor<"u8">) => Tensor<"f32">): Promise<number> {
  const device = await testDevice();
  using x = tensor(device, logits, [2, 9, 11, 4]);
  using y = tensor(device, labels, [2, 9, 11]);
  using out = loss(x, y);
  return out.item();
}

const same = async (a: Parameters<typeof value>[0], b: Parameters<typeof value>[0]): Promise<void> => expect(await value(a)).toBeCloseTo(await value(b), 6);

/** Targets as probabilities: in one expression the eager one-hot would leak. */
async function valueOfHot(loss: (x: Tensor<"f32">, hot: Tensor<"f32">) => Tensor<"f32">): Promise<number> {
  return value((x, y) => {
    using hot = oneHot(y, 4);
    return loss(x, hot);
  });
}

test("Dice is Tversky with halves, Jaccard with ones", async () => {
  await same((x, y) => diceLoss(x, y), (x, y) => tverskyLoss(x, y, { alpha: 0.5, beta: 0.5 }));
  await same((x, y) => jaccardLoss(x, y), (x, y) => tverskyLoss(x, y, { alpha: 1, beta: 1 }));
});

test("without smoothing the dialects agree on hard targets of classes that are all there", async () => {
  const plain = await value((x, y) => diceLoss(x, y));
  expect(await value((x, y) => diceLoss(x, y, { dialect: "smp" }))).toBeCloseTo(plain, 5);
  expect(await value((x, y) => diceLoss(x, y, { dialect: "monai", perImage: false, smooth: 0 }))).toBeCloseTo(plain, 6);
});

test("IoU = Dice / (2 − Dice) for each class", async () => {
  const device = await testDevice();
  using x = tensor(device, logits, [2, 9, 11, 4]);
  using y = tensor(device, labels, [2, 9, 11]);
  using d = diceLoss(x, y, { reduction: "none" });
  using j = jaccardLoss(x, y, { reduction: "none" });
  const [dice, iou] = [await d.data(), await j.data()];
  dice.forEach((v, c) => expect(1 - iou[c]!).toBeCloseTo((1 - v) / (1 + v), 5));
});

test("focal losses with gamma 0 are cross-entropies", async () => {
  await same((x, y) => focalLoss(x, y, { gamma: 0 }), (x, y) => crossEntropy(x, y));
  expect(await valueOfHot((x, hot) => sigmoidFocalLoss(x, hot, { gamma: 0, alpha: null }))).toBeCloseTo(await valueOfHot((x, hot) => binaryCrossEntropy(x, hot)), 6);
  await same((x, y) => sigmoidFocalLoss(x, y, { gamma: 0, alpha: null }), (x, y) => sigmoidFocalLoss(x, y, { gamma: 0, alpha: 0.5, weight: [2, 2, 2, 2] }));
});

test("one-hot probabilities are class numbers", async () => {
  expect(await valueOfHot((x, hot) => crossEntropy(x, hot, { labelSmoothing: 0.1 }))).toBeCloseTo(await value((x, y) => crossEntropy(x, y, { labelSmoothing: 0.1 })), 6);
  expect(await valueOfHot((x, hot) => diceLoss(x, hot))).toBeCloseTo(await value((x, y) => diceLoss(x, y)), 6);
  expect(await valueOfHot((x, hot) => focalLoss(x, hot))).toBeCloseTo(await value((x, y) => focalLoss(x, y)), 6);
});

test("all pixels are the hardest part of themselves", async () => {
  await same((x, y) => hardPixelCrossEntropy(x, y, { fraction: 1 }), (x, y) => crossEntropy(x, y));
});

test("a pixel of weight 0 is an ignored one", async () => {
  const mask = Uint8Array.from(labels, (_, i) => (i % 3 === 0 ? 0 : 1));
  const ignored = labels.map((y, i) => (mask[i] === 0 ? 255 : y));
  const device = await testDevice();
  using x = tensor(device, logits, [2, 9, 11, 4]);
  using y = tensor(device, labels, [2, 9, 11]);
  using holes = tensor(device, ignored, [2, 9, 11]);
  using m = tensor(device, mask, [2, 9, 11]);
  for (const loss of [crossEntropy, diceLoss, focalLoss, sigmoidFocalLoss]) {
    using a = loss(x, y, { pixelWeight: m });
    using b = loss(x, holes, { ignoreIndex: 255 });
    expect(await a.item(), loss.name).toBeCloseTo(await b.item(), 6);
  }
});
