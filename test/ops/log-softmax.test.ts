import { logSoftmax } from "../../src/ops/log-softmax.js";
import * as reference from "../reference/log-softmax.js";
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

testOp("logSoftmax", ({ x }, o) => logSoftmax(x, o), reference.logSoftmax, [
  { x: [2, 5, 7, 3] },
  { x: [1, 3, 3, 2] },
  { x: [2, 3, 5, 21], name: "21 classes" },
  { x: [7, 1], name: "one class: always 0" },
  { x: [5] },
  { x: [3, 130], name: "a long row" },
  { x: { shape: [2, 3], values: [0, 200, -300, 500, 1, 2] }, name: "where the probability underflows" },
  { x: { shape: [1, 3], values: [-Infinity, 0, 1] }, name: "-infinity stays" },
  { x: { shape: [2, 3], values: [NaN, 0, 1, 1, 2, 3] }, name: "NaN stays in its row" },
  { x: { shape: [3, 3], values: [Infinity, 0, 1, -Infinity, -Infinity, -Infinity, 1, 2, 3] }, name: "no finite maximum: NaN" },
  { x: { shape: [2, 4], values: [2, 2, 2, 2, 0, 0, 0, 0] }, name: "equal logits" },
  { x: [2, 5, 7, 3], options: { axis: 2 } },
  { x: [4, 5, 3], options: { axis: 0 } },
]);

describe("logSoftmax", () => {
  test("says what is wrong with its arguments", async () => {
    const device = await testDevice();
    using x = tensor(device, new Int32Array(4));
    expect(() => logSoftmax(x as never)).toThrow('logSoftmax: x must be f16 or f32 but is i32. Convert with cast(x, "f32").');
  });
});
