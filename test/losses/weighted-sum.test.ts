import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { weightedSum } from "../../src/losses/weighted-sum.js";
import { testDevice } from "../support/device.js";

test("weightedSum adds losses by their weights, eagerly and in a plan", async () => {
  const device = await testDevice();
  using a = tensor(device, [3], []);
  using b = tensor(device, [5], []);
  using eager = weightedSum([[1, a], [0.5, b]]);
  using planned = compile((a: Tensor<"f32">, b: Tensor<"f32">) => weightedSum([[2, a], [-1, b]]))(a, b);
  expect(await eager.item()).toBe(5.5);
  expect(await planned.item()).toBe(1);
  expect(() => weightedSum([])).toThrow("weightedSum: there must be at least one loss.");
  expect(() => weightedSum([[NaN, a]])).toThrow("weightedSum: weights must be finite but one is NaN.");
});
