import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { localResponseNorm } from "../../src/ops/local-response-norm.js";
import * as reference from "../reference/local-response-norm.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("localResponseNorm", ({ x }, o) => localResponseNorm(x, o), reference.localResponseNorm, [
  { x: [2, 3, 5, 7], options: { size: 3 } },
  { x: [1, 4, 4, 8], options: { size: 5, alpha: 0.5, beta: 0.6, k: 2 } },
  { x: [1, 3, 3, 6], options: { size: 4, alpha: 1 }, name: "an even size" },
  { x: [1, 3, 3, 6], options: { size: 2, alpha: 2, beta: 1 } },
  { x: [2, 3, 3, 3], options: { size: 9, alpha: 1 }, name: "wider than the channels" },
  { x: [1, 2, 2, 4], options: { size: 2 ** 31, alpha: 1e9 }, name: "far wider" },
  { x: [1, 5, 3, 1], options: { size: 1, alpha: 1 } },
  { x: [1, 1, 1, 130], options: { size: 5, alpha: 1 }, name: "many channels" },
  { x: { shape: [0, 1, 1, 4], values: [] }, options: { size: 3 }, name: "no images" },
]);

describe("localResponseNorm", () => {
  test("an infinity or NaN stays within its window, and a negative base has no fraction for a power", async () => {
    const device = await testDevice();
    using x = tensor(device, [1e25, 1, 2, 3, 4, NaN, 1, 2], [1, 1, 1, 8]);
    using y = localResponseNorm(x, { size: 3, alpha: 3 });
    const data = [...(await y.data())];
    const [c2, c3] = [2 / (1 + 14) ** 0.75, 3 / (1 + 29) ** 0.75];
    expect(data.slice(0, 2)).toEqual([0, 0]);
    expect(data.slice(2, 4)).toEqual([expect.closeTo(c2, 5), expect.closeTo(c3, 5)]);
    expect(data.slice(4, 7)).toEqual([NaN, NaN, NaN]);
    expect(data[7]).toBeCloseTo(2 / (1 + 5) ** 0.75, 5);
    using negative = localResponseNorm(x, { size: 1, k: -1 });
    expect((await negative.data())[1]).toBeNaN();
  });
});

testErrors("localResponseNorm", [
  ["no size", { x: [1, 2, 2, 3] }, ({ x }) => localResponseNorm(x!, {} as never), "localResponseNorm: size must be a whole number of at least 1 but is undefined."],
  ["an infinite alpha", { x: [1, 2, 2, 3] }, ({ x }) => localResponseNorm(x!, { size: 3, alpha: Infinity }), "localResponseNorm: alpha must be a finite number but is Infinity."],
  ["a matrix", { x: [2, 3] }, ({ x }) => localResponseNorm(x!, { size: 3 }), "localResponseNorm: x must have 4 axes (NHWC) but has 2.\n  x  [2, 3]"],
]);
