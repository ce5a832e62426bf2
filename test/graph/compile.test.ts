import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { Parameter } from "../../src/graph/parameter.js";
import { constant } from "../../src/graph/init.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { concat } from "../../src/ops/concat.js";
import { add, exp, mul, relu, sub } from "../../src/ops/pointwise.js";
import { reshape } from "../../src/ops/reshape.js";
import { sum } from "../../src/ops/sum.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { sgd } from "../../src/optim/index.js";
import { testDevice } from "../support/device.js";

class Line extends Module {
  readonly slope = new Parameter([3], constant(2));
  readonly offset = new Parameter([1], constant(1));
  forward(x: Tensor): Tensor {
    return add(mul(x, this.slope), this.offset);
  }
}

describe("eager calls", () => {
  test("run at once, and serve other tensors of the same shape", async () => {
    const device = await testDevice();
    for (const values of [[1, -2, 3], [4, 5, -6]]) {
      using x = tensor(device, values);
      using y = relu(mul(x, 2));
      using z = add(relu(x), y);
      expect([...(await y.data())]).toEqual(values.map((v) => Math.max(0, 2 * v)));
      expect([...(await z.data())]).toEqual(values.map((v) => Math.max(0, v) + Math.max(0, 2 * v)));
    }
  });

  test("give their memory back", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    device.scope(() => exp(tensor(device, [1, 2, 3])));
    await device.idle();
    expect(device.memory().tensors).toBe(before + 1);
  });
});

describe("tensors without elements", () => {
  test("go through operators and back", async () => {
    const device = await testDevice();
    using x = tensor(device, [], [0, 4]);
    using y = tensor(device, [1, 2, 3, 4], [1, 4]);
    const f = compile((a: Tensor, b: Tensor) => [relu(mul(a, 2)), concat([a, b, a], { axis: 0 }), reshape(a, [2, 0])]);
    const [none, joined, other] = f(x, y) as [Tensor, Tensor, Tensor];
    expect([none.shape, joined.shape, other.shape]).toEqual([[0, 4], [1, 4], [2, 0]]);
    expect([(await none.data()).length, [...(await joined.data())], (await other.data()).length]).toEqual([0, [1, 2, 3, 4], 0]);
    using eager = relu(x);
    expect((await eager.data()).length).toBe(0);
    for (const t of [none, joined, other]) t.dispose();
  });
});

describe("compile", () => {
  test("captures once per shape and replays", async () => {
    const device = await testDevice();
    let captures = 0;
    const f = compile((x: Tensor) => {
      captures++;
      return { twice: mul(x, 2), less: sub(x, 1) };
    });
    for (const n of [3, 5, 3]) {
      using x = tensor(device, Array.from({ length: n }, (_, i) => i));
      const { twice, less } = f(x);
      expect([...(await twice.data())]).toEqual(Array.from({ length: n }, (_, i) => 2 * i));
      expect([...(await less.data())]).toEqual(Array.from({ length: n }, (_, i) => i - 1));
      twice.dispose();
      less.dispose();
    }
    expect(captures).toBe(2);
  });

  test("gradients and updates are one plan, and descend", async () => {
    const device = await testDevice();
    using model = new Line().to(device);
    const optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    using x = tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]);
    const step = compile((x: Tensor) => {
      const { value, grads } = valueAndGrad(model, () => sum(model.forward(x)));
      optimizer.update(grads);
      return value;
    });
    using first = step(x);
    using second = step(x);
    expect(await first.item()).toBeCloseTo(48);
    // d/dslope = column sums, d/doffset = 6
    expect([...(await model.slope.data())]).toEqual([5, 7, 9].map((g) => Math.fround(Math.fround(2 - 0.1 * g) - 0.1 * g)).map((v) => expect.closeTo(v, 4)));
    expect([...(await model.offset.data())][0]).toBeCloseTo(1 - 1.2);
    expect(await second.item()).toBeCloseTo(48 - 0.1 * (25 + 49 + 81 + 36));
    optimizer.dispose();
  });
});
