import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Dropout, Dropout2d } from "../../src/layers/dropout.js";
import { Sequential } from "../../src/layers/sequential.js";
import { testDevice } from "../support/device.js";

describe("Dropout", () => {
  test("draws anew with every step and layer, and the same again from the same seed and step", async () => {
    const device = await testDevice();
    using net = new Sequential(new Dropout(0.25), new Dropout(0.25)).to(device);
    using x = tensor(device, new Float32Array(4000).fill(1), [1, 10, 100, 4]);
    const each = compile((x: Tensor) => net.layers.map((layer) => layer.forward(x)));
    const draw = async (seed: number, step: number): Promise<string[]> => {
      Object.assign(device.random, { seed, step });
      const outputs = each(x);
      const texts = await Promise.all(outputs.map(async (t) => (await t.data()).map((v) => Math.round(v * 3)).join("")));
      outputs.forEach((t) => t.dispose());
      return texts;
    };
    const saved = { ...device.random };
    const first = await draw(1, 7);
    expect(new Set([...first, ...(await draw(1, 8)), ...(await draw(2, 7))]).size).toBe(6);
    expect(await draw(1, 7)).toEqual(first);
    expect(device.random.step).toBe(8);
    for (const text of first) {
      expect(new Set(text)).toEqual(new Set(["0", "4"]));
      expect(text.replaceAll("4", "").length / 4000).toBeCloseTo(0.25, 1);
    }
    Object.assign(device.random, saved);
  });

  test("draws eagerly as well", async () => {
    const device = await testDevice();
    using layer = new Dropout().to(device);
    using x = tensor(device, new Float32Array(1000).fill(1), [1, 10, 100, 1]);
    using a = layer.forward(x);
    using b = layer.forward(x);
    expect(await a.data()).not.toEqual(await b.data());
  });

  test("does nothing in evaluation", async () => {
    const device = await testDevice();
    using layer = new Dropout().to(device).eval();
    using x = tensor(device, [1, 2], [1, 1, 1, 2]);
    expect(layer.forward(x)).toBe(x);
  });

  test("Dropout2d drops whole channels of an image", async () => {
    const device = await testDevice();
    using layer = new Dropout2d(0.5).to(device);
    using x = tensor(device, new Float32Array(2 * 9 * 64).fill(1), [2, 3, 3, 64]);
    using out = layer.forward(x);
    const data = await out.data();
    for (let n = 0; n < 2; n++) for (let c = 0; c < 64; c++) expect(new Set(Array.from({ length: 9 }, (_, p) => data[(n * 9 + p) * 64 + c])).size).toBe(1);
    expect(new Set(data)).toEqual(new Set([0, 2]));
  });

  test("refuses rates outside 0 … 1", () => {
    expect(() => new Dropout(1.5)).toThrow("Dropout: rate must be between 0 and 1 but is 1.5.");
  });
});
