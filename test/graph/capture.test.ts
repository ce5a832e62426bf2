import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { constant } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { PlanCache } from "../../src/graph/plan-cache.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { measureAdapter } from "../../src/kernels/adapter-limits.js";
import { Module } from "../../src/layers/module.js";
import { add, mul, pointwiseOp, relu, sub } from "../../src/ops/pointwise.js";
import { reshape } from "../../src/ops/reshape.js";
import { sum } from "../../src/ops/sum.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { sgd } from "../../src/optim/index.js";
import { CaptureError, DisposedError, OptionError } from "../../src/runtime/errors.js";
import { newDevice, testDevice } from "../support/device.js";
import { tier } from "../support/tier.js";

type Floats = Tensor<"f32">;

class Scale extends Module {
  readonly factor = new Parameter([2], constant(3));
  forward(x: Tensor): Tensor {
    return this.training ? mul(x, this.factor) : x;
  }
}

/** Assigns a + b to `a`. */
const increase = (a: Parameter, b: Tensor | Parameter): void => pointwiseOp.update({ x0: a, x1: b }, { program: [["add", 0, 1]], constants: [] }, { out: a });

describe("what a captured function may not do", () => {
  test("read a value", async () => {
    const device = await testDevice();
    using x = tensor(device, [1]);
    using held = tensor(device, [2]);
    const text = "data: a value cannot be read inside compile() or valueAndGrad(), where it is a plan and not yet a number. Return the tensor and read it outside.";
    expect(() => compile((t: Tensor) => void relu(t).data())(x)).toThrow(text);
    expect(() => compile((t: Tensor) => void relu(t).item())(x)).toThrow(text);
    expect(() => compile((t: Tensor) => (void held.data(), relu(t)))(x)).toThrow(text);
    using model = new Scale().to(device);
    expect(() => compile((t: Tensor) => (void model.factor.data(), relu(t)))(x)).toThrow('data: "factor" cannot be read inside compile() or valueAndGrad(). Read it outside.');
  });

  test("be async", async () => {
    const device = await testDevice();
    using x = tensor(device, [1]);
    const late = compile(async (t: Tensor) => {
      await Promise.resolve();
      return relu(t);
    });
    expect(() => late(x)).toThrow("compile: the function must not be async");
  });

  test("let a symbolic tensor escape", async () => {
    const device = await testDevice();
    using x = tensor(device, [1]);
    let escaped!: Tensor;
    const f = compile((t: Tensor) => (escaped = relu(t)));
    f(x).dispose();
    const text = "this tensor belongs to a function that has been captured already. Return it from that function and use the result.";
    expect(() => relu(escaped)).toThrow(text);
    expect(() => f(escaped)).toThrow(text);
    expect(() => compile((t: Tensor) => add(t, escaped))(x)).toThrow(text);
    expect(() => escaped.data()).toThrow(CaptureError);
  });

  test("touch no device, or get what is not a tensor", async () => {
    const device = await testDevice();
    expect(() => compile(function nothing() {
      return 1;
    })()).toThrow("nothing: the function touches no tensor or parameter that is on a device.");
    expect(() => relu([1, 2] as never)).toThrow("relu: expected a tensor or a number but got an array. Make a tensor with tensor(device, data, shape).");
    expect(() => sum(undefined as never)).toThrow();
    using x = tensor(device, [1]);
    const f: (argument: unknown) => Tensor = compile<[unknown], Tensor>(() => relu(x));
    expect(() => f(() => 1)).toThrow(OptionError);
    expect(() => f(new Float32Array(2))).toThrow("compile: an argument is a Float32Array, but arguments are tensors, numbers, strings, booleans, and arrays or plain objects of these. Close over it instead.");
    expect(() => f(new Scale())).toThrow("compile: an argument is a Scale");
  });

  test("use a model without a device, or one that is gone", async () => {
    const device = await testDevice();
    const model = new Scale();
    using x = tensor(device, [1, 2]);
    const f = compile((t: Tensor) => model.forward(t));
    expect(() => f(x)).toThrow('is not on a device. Call model.to(device) first.');
    model.to(device);
    f(x).dispose();
    model.dispose();
    expect(() => f(x)).toThrow(DisposedError);
    model.to(device, { seed: 1 });
    using y = f(x);
    expect([...(await y.data())]).toEqual([3, 6]);
    model.dispose();
  });

  test("leave an exception behind: the next call captures afresh", async () => {
    const device = await testDevice();
    using x = tensor(device, [1]);
    let fail = true;
    const f = compile((t: Tensor) => {
      if (fail) throw new RangeError("mine");
      return relu(t);
    });
    expect(() => f(x)).toThrow(RangeError);
    using eager = relu(x); // not recorded anywhere
    fail = false;
    using y = f(x);
    expect([await y.item(), await eager.item()]).toEqual([1, 1]);
  });
});

describe("what a plan is keyed by", () => {
  /** How often a function is captured for each of the calls. */
  async function captures(calls: unknown[]): Promise<number> {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    let count = 0;
    const f = compile<[unknown], Tensor>(() => {
      count++;
      return relu(x);
    });
    for (const argument of calls) f(argument).dispose();
    f.dispose();
    return count;
  }

  test("plain values, each of them", async () => {
    expect(await captures([1, 2, 1, 2, 1])).toBe(2);
    expect(await captures([NaN, Infinity, -Infinity, null, undefined, 0, -0, "0", "NaN", false])).toBe(10);
    expect(await captures([{ a: 1, b: 2 }, { 'a":1,"b': 2 }, { a: 1 }, [1], [[1]], 10n, "10n"])).toBe(7);
  });

  test("shapes and dtypes, not values", async () => {
    const device = await testDevice();
    using a = tensor(device, [1, 2]);
    using b = tensor(device, [3, 4]);
    using c = tensor(device, Int32Array.of(1, 2));
    using d = tensor(device, [1, 2], [2, 1]);
    expect(await captures([a, b, c, d, [a, b], [b, a], { a }, { b }])).toBe(6);
  });

  test("modes of modules, and whether parameters are trained", async () => {
    const device = await testDevice();
    using model = new Scale().to(device);
    using x = tensor(device, [1, 2]);
    let count = 0;
    const f = compile((t: Tensor) => {
      count++;
      return model.forward(t);
    });
    const results: number[][] = [];
    for (const training of [true, false, true, false]) {
      model.train(training);
      using y = f(x);
      results.push([...(await y.data())] as number[]);
    }
    expect(results).toEqual([[3, 6], [1, 2], [3, 6], [1, 2]]);
    expect(count).toBe(2);

    const grads = compile((t: Tensor) => {
      count++;
      return valueAndGrad(model, () => sum(mul(t, model.factor) as Floats)).grads.get(model.factor);
    });
    model.train();
    grads(x)!.dispose();
    model.factor.trainable = false;
    expect(() => grads(x)).toThrow("valueAndGrad: there is no trainable parameter.");
    model.factor.trainable = true;
    grads(x)!.dispose();
    expect(count).toBe(4);
  });

  test("the device of the model: moving it captures again, starting it again does not", async () => {
    const [one, other] = [await testDevice(), await newDevice()];
    using model = new Scale().to(one);
    let count = 0;
    const f = compile(() => {
      count++;
      return mul(model.factor, 2);
    });
    const value = async (): Promise<number> => {
      using y = f();
      return (await y.data())[0]!;
    };
    expect(await value()).toBe(6);
    model.factor.write(Float32Array.of(5, 5));
    expect(await value()).toBe(10);
    model.to(one); // new memory, first values
    expect(await value()).toBe(6);
    model.to(other);
    expect(await value()).toBe(6);
    model.to(one);
    expect(await value()).toBe(6);
    expect(count).toBeLessThan(6);
    await other.destroy();
  });
});

describe("tensors closed over", () => {
  test("are read where they are, and must live", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    const held = tensor(device, [10, 20]);
    const f = compile(function plus(t: Tensor) {
      return add(t, held);
    });
    using y = f(x);
    expect([...(await y.data())]).toEqual([11, 22]);
    held.dispose();
    expect(() => f(x)).toThrow("plus, a tensor of shape [2] closed over: the tensor was disposed.");
    const gone = tensor(device, [1]);
    gone.dispose();
    expect(() => f(gone)).toThrow("plus, input 0: the tensor was disposed.");
    expect(() => relu(gone)).toThrow(DisposedError);
  });

  test("and arguments may come back as results, which are copies", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    using held = tensor(device, [3]);
    using model = new Scale().to(device);
    const f = compile((t: Tensor) => ({ t, held, twice: [t, t], list: [reshape(t, [2, 1]), reshape(model.factor, [1, 2])], text: "same", model }));
    const result = f(x);
    expect(result.model).toBe(model);
    expect(result.text).toBe("same");
    expect(result.t).not.toBe(x);
    expect([...(await result.t.data()), ...(await result.held.data()), ...(await result.twice[1]!.data())]).toEqual([1, 2, 3, 1, 2]);
    expect(result.list.map((t) => t.shape)).toEqual([[2, 1], [1, 2]]);
    expect([...(await result.list[1]!.data())]).toEqual([3, 3]);
    for (const t of [result.t, result.held, ...result.twice, ...result.list]) t.dispose();
    expect(x.disposed || held.disposed).toBe(false);
  });
});

describe("variables", () => {
  test("have a new value after they are assigned; the old one cannot be read any more", async () => {
    const device = await testDevice();
    using model = new Scale().to(device);
    const twice = compile(() => {
      increase(model.factor, model.factor);
      const doubled = mul(model.factor, 1);
      increase(model.factor, model.factor);
      return [doubled, mul(model.factor, 1)];
    });
    const [first, second] = twice() as [Floats, Floats];
    expect([...(await first.data()), ...(await second.data()), ...(await model.factor.data())]).toEqual([6, 6, 12, 12, 12, 12]);
    for (const t of [first, second]) t.dispose();

    const text = 'reads "factor" as it was before this function assigned it. Read it again after the assignment, or do this first.';
    const stale = compile(() => {
      const old = reshape(model.factor, [2, 1]);
      increase(model.factor, model.factor);
      return old;
    });
    expect(() => stale()).toThrow(`The function's result: ${text}`);
    expect(() => compile(() => {
      const old = reshape(model.factor, [2, 1]);
      increase(model.factor, model.factor);
      return sum(old);
    })()).toThrow(`sum: ${text}`);
    expect([...(await model.factor.data())]).toEqual([12, 12]);
  });

  test("are read before an assignment even when the reader would fit better behind it", async () => {
    const device = await testDevice();
    using model = new Scale().to(device);
    const optimizer = sgd(model.parameters(), { learningRate: 1 });
    using x = tensor(device, [1, 2]);
    // The product would be fused into the sum that follows the update.
    const step = compile((t: Tensor) => {
      const product = mul(t, model.factor);
      const { grads } = valueAndGrad(model, () => sum(mul(t, model.factor) as Floats));
      optimizer.update(grads);
      return [sub(product, 1), mul(model.factor, t)];
    });
    for (const factor of [[3, 3], [2, 1]]) {
      const [before, after] = step(x) as [Floats, Floats];
      expect([...(await before.data())]).toEqual([factor[0]! - 1, 2 * factor[1]! - 1]);
      expect([...(await after.data())]).toEqual([factor[0]! - 1, 2 * (factor[1]! - 2)]);
      before.dispose();
      after.dispose();
    }
    optimizer.dispose();
  });

  test("may be assigned from others in the same buffer", async () => {
    const device = await testDevice();
    class Two extends Module {
      readonly a = new Parameter([3], constant(1));
      readonly b = new Parameter([3], constant(10));
    }
    using model = new Two().to(device);
    const swap = compile(() => {
      increase(model.a, model.b);
      increase(model.b, model.a);
      return mul(model.b, 1);
    });
    using b = swap();
    expect([...(await b.data())]).toEqual([21, 21, 21]);
    expect([...(await model.a.data())]).toEqual([11, 11, 11]);
  });

  test("that are written between calls reach what is derived from them, also from a full queue", async () => {
    const device = await newDevice();
    using model = new Scale().to(device);
    using x = tensor(device, [1, 2]);
    // factor² depends on parameters alone: it is computed when they change.
    const f = compile((t: Tensor) => mul(t, sum(mul(model.factor, model.factor) as Floats)));
    const results: Promise<Float32Array>[] = [];
    for (const factor of [3, 4, 5]) {
      if (factor > 3) model.factor.write(Float32Array.of(factor, factor));
      for (let i = 0; i < 2; i++) {
        using y = f(x) as Floats;
        results.push(y.data());
      }
    }
    expect((await Promise.all(results)).map((r) => r[0])).toEqual([18, 18, 32, 32, 50, 50]);
    expect(f.plan(x).describe()).toMatch(/when parameters have changed:/);
    await device.destroy();
  });
});

describe("plans", () => {
  test("are kept up to a number and a size, the least recently used go first", async () => {
    const device = await newDevice();
    const cache = PlanCache.of(device);
    cache.maxPlans = 3;
    let count = 0;
    const f = compile((x: Tensor) => {
      count++;
      return relu(x);
    });
    const call = (n: number): void => {
      using x = tensor(device, new Float32Array(n));
      f(x).dispose();
    };
    for (const n of [1, 2, 3, 1, 4, 1, 3]) call(n);
    expect(count).toBe(4);
    expect(cache.size).toBe(3);
    call(2);
    expect(count).toBe(5);
    cache.maxPlans = 100;
    cache.maxBytes = 1;
    call(9);
    expect(cache.size).toBe(1);
    call(9);
    expect(count).toBe(6);
    f.dispose();
    expect(cache.size).toBe(0);
    call(9);
    expect(count).toBe(7);
    await device.destroy();
  });

  test("of eager calls tell constants apart that JSON does not", async () => {
    const device = await testDevice();
    using x = tensor(device, [1]);
    const values: number[] = [];
    for (const constant of [Infinity, -Infinity, NaN, 2]) {
      using y = mul(x, constant);
      values.push(await y.item());
    }
    expect(values).toEqual([Infinity, -Infinity, NaN, 2]);
    const both = compile((t: Tensor) => [mul(t, Infinity), mul(t, -Infinity), mul(t, 0)]);
    const results = both(x);
    expect(await Promise.all(results.map((t) => t.item()))).toEqual([Infinity, -Infinity, 0]);
    for (const t of results) t.dispose();
  });

  test("say what they are made of, and how long it takes", async () => {
    const device = await testDevice();
    class Line extends Module {
      readonly slope = new Parameter([300], constant(2));
    }
    using model = new Line().to(device);
    const optimizer = sgd(model.parameters(), { learningRate: 1 });
    using x = tensor(device, new Float32Array(600).fill(1), [2, 300]);
    const f = compile(function fused(t: Floats) {
      const { value, grads } = valueAndGrad(model, () => sum(relu(add(mul(t, model.slope), 1)) as Floats));
      optimizer.update(grads);
      return value;
    });
    const text = f.plan(x).describe();
    expect(text).toMatch(/^fused: \d+ ops, \d+ dispatches/);
    expect(text).toMatch(/\n {2}pointwise\.main {2}x0\[2,300\] x1\[300\] out\[2,300\] {2}3×1×1 groups {2}\(mul \+ add \+ relu\)/);
    expect(text).toMatch(/memory: 0\.\d+ MiB in \d slabs, liveness lower bound 0\.\d+ MiB \(\d+ % of it\)/);
    const plan = await f.prepare(x);
    expect(plan.memory.slabs).toBeGreaterThanOrEqual(plan.memory.lowerBound);
    // Measuring the adapter takes seconds.
    if (tier() === "quick") device.attachments.set(measureAdapter, Promise.resolve({ gflops: 10, gigabytesPerSecond: 10, fastestForm: "" }));
    const times = await plan.profile();
    expect(times.map(({ kernel }) => kernel)).toEqual(plan.lowered.calls.map(({ shader, entry }) => `${shader.name}.${entry}`));
    for (const { op, milliseconds, gflops, gigabytesPerSecond, percentOfPeak } of times) expect(op !== "" && milliseconds > 0 && gflops >= 0 && gigabytesPerSecond > 0 && percentOfPeak > 0).toBe(true);
    // Measuring an update is not training.
    expect([...new Set(await model.slope.data())]).toEqual([2]);
    using value = f(x);
    expect(await value.item()).toBe(1800);
    optimizer.dispose();
  });
});
