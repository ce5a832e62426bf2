import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { heNormal } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { reshape } from "../../src/ops/reshape.js";
import { sum } from "../../src/ops/sum.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { sgd } from "../../src/optim/index.js";
import { countingDevice } from "../support/counting-device.js";
import { testDevice } from "../support/device.js";

const numbers = async (t: Tensor): Promise<number[]> => [...(await t.data())];

describe("arguments and results", () => {
  test("are bound where they are: a plan has no memory for them, and bind groups are made once for tensors that come again", async () => {
    const { device, counts } = await countingDevice();
    const plus = compile((a: Tensor, b: Tensor) => add(a, b));
    const tensors = [1, 10, 100].map((x) => tensor(device, [x, 2 * x], [2]));
    const round = async (): Promise<number[][]> => {
      const found: number[][] = [];
      for (const [i, a] of tensors.entries()) {
        using y = plus(a, tensors[(i + 1) % 3]!);
        found.push(await numbers(y));
      }
      return found;
    };
    expect(await round()).toEqual([[11, 22], [110, 220], [101, 202]]);
    await round();
    counts.reset();
    expect(await round()).toEqual([[11, 22], [110, 220], [101, 202]]);
    expect(counts.created()).toEqual({});
    expect(plus.plan(tensors[0]!, tensors[1]!).memory).toEqual({ slabs: 0, lowerBound: 0, derived: 0 });
    await device.destroy();
  });

  test("may be more tensors in turn than bind groups are kept for", async () => {
    const device = await testDevice();
    const twice = compile((a: Tensor) => add(a, a));
    const tensors = Array.from({ length: 40 }, (_, i) => tensor(device, [i]));
    for (let round = 0; round < 2; round++) {
      const results = tensors.map((a) => twice(a) as Tensor);
      for (const [i, y] of results.entries()) {
        expect(await numbers(y)).toEqual([2 * i]);
        y.dispose();
      }
    }
    for (const a of tensors) a.dispose();
    twice.dispose();
  });

  test("are tensors of their own, however they are one value: the argument itself, a result twice, a result in another shape, one that is used further", async () => {
    const device = await testDevice();
    const many = compile((a: Tensor) => {
      const y = mul(a, a);
      return [a, reshape(a, [1, 4]), y, y, reshape(y, [2, 2]), sum(y)] as const;
    });
    using x = tensor(device, [1, 2, 3, 4]);
    const results = many(x);
    expect(results.map(({ shape }) => shape)).toEqual([[4], [1, 4], [4], [4], [2, 2], []]);
    // Each has memory of its own: disposing of one leaves the others.
    for (const want of [[1, 2, 3, 4], [1, 2, 3, 4], [1, 4, 9, 16], [1, 4, 9, 16], [1, 4, 9, 16], [30]].entries()) {
      expect(await numbers(results[want[0]]!)).toEqual(want[1]);
      results[want[0]]!.dispose();
    }
    expect(await numbers(x)).toEqual([1, 2, 3, 4]);
    many.dispose();
  });

  test("may be given again as they were made, in a chain", async () => {
    const device = await testDevice();
    const next = compile((a: Tensor, b: Tensor) => [b, add(a, b)] as const);
    let [a, b] = [tensor(device, [0]), tensor(device, [1])] as [Tensor, Tensor];
    for (let i = 0; i < 20; i++) {
      const [c, d] = next(a, b);
      a.dispose();
      b.dispose();
      [a, b] = [c, d];
    }
    expect(await numbers(a)).toEqual([6765]);
    [a, b].forEach((t) => t.dispose());
    next.dispose();
  });

  test("of a profile are stand-ins: results that are in use stay as they are, and so do variables", async () => {
    const device = await testDevice();
    class Scale extends Module {
      readonly weight = new Parameter([4], heNormal(4));
    }
    using model = new Scale().to(device, { seed: 1 });
    using optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    const step = compile((a: Tensor<"f32">) => {
      const { value, grads } = valueAndGrad(model, () => sum(mul(a, model.weight)) as Tensor<"f32">);
      optimizer.update(grads);
      return [value, mul(a, a)] as const;
    });
    using x = tensor(device, [1, 2, 3, 4]);
    const [loss, squares] = step(x);
    const before = [await numbers(loss), await numbers(squares), [...(await model.weight.data())]];
    const times = await step.plan(x).profile();
    expect(times.length).toBeGreaterThan(2);
    expect(times.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
    expect([await numbers(loss), await numbers(squares), [...(await model.weight.data())]]).toEqual(before);
    loss.dispose();
    squares.dispose();
    step.dispose();
  });
});
