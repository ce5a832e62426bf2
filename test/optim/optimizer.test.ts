import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { fanInUniform } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/sum.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adam, adamW, rmsprop, sgd, type Optimizer } from "../../src/optim/index.js";
import { testDevice } from "../support/device.js";

/** Sizes that end inside, at and just past a block of the optimizer's table. */
class Pieces extends Module {
  readonly a = new Parameter([67], fanInUniform(1));
  readonly b = new Parameter([64], fanInUniform(1));
  readonly c = new Parameter([1, 5], fanInUniform(1));
}

/** ½·(w·scale)², summed: its gradient is w·scale². */
const loss = (model: Pieces, scale: Tensor): Tensor => {
  const half = (w: Parameter): Tensor => {
    const scaled = mul(w, scale);
    return sum(mul(mul(scaled, scaled), 0.5));
  };
  return add(add(half(model.a), half(model.b)), half(model.c));
};

interface State {
  w: number;
  m: number;
  v: number;
}

interface Rule {
  name: string;
  make: (model: Pieces) => Optimizer;
  /** One update of one element in double precision; `clip` scales g. */
  update: (s: State, g: number, step: number, decay: number) => void;
  clipNorm?: number;
  scale?: number;
}

const [rate, beta1, beta2, epsilon] = [0.05, 0.9, 0.99, 1e-6];
const sgdUpdate = (momentum: number, nesterov: boolean) => (s: State, g: number, _step: number, decay: number): void => {
  const d = g + decay * s.w;
  s.m = momentum * s.m + d;
  s.w -= rate * (nesterov ? d + momentum * s.m : s.m);
};
const adamUpdate = (decoupled: boolean) => (s: State, g: number, step: number, decay: number): void => {
  const d = decoupled ? g : g + decay * s.w;
  if (decoupled) s.w *= 1 - rate * decay;
  s.m = beta1 * s.m + (1 - beta1) * d;
  s.v = beta2 * s.v + (1 - beta2) * d * d;
  s.w -= (rate * (s.m / (1 - beta1 ** step))) / (Math.sqrt(s.v / (1 - beta2 ** step)) + epsilon);
};

const rmspropUpdate = (momentum: number) => (s: State, g: number, _step: number, decay: number): void => {
  const d = g + decay * s.w;
  s.v = beta2 * s.v + (1 - beta2) * d * d;
  s.m = momentum * s.m + d / (Math.sqrt(s.v) + epsilon);
  s.w -= rate * s.m;
};

const adamOptions = { learningRate: rate, betas: [beta1, beta2], epsilon, weightDecay: 0.1 } as const;
const rmspropOptions = { learningRate: rate, alpha: beta2, epsilon, weightDecay: 0.1 } as const;
const rules: Rule[] = [
  { name: "sgd", make: (m) => sgd(m.parameters(), { learningRate: rate, weightDecay: 0.1 }), update: sgdUpdate(0, false) },
  { name: "sgd, momentum", make: (m) => sgd(m.parameters(), { learningRate: rate, momentum: 0.9, weightDecay: 0.1 }), update: sgdUpdate(0.9, false) },
  { name: "sgd, nesterov", make: (m) => sgd(m.parameters(), { learningRate: rate, momentum: 0.9, nesterov: true, weightDecay: 0.1 }), update: sgdUpdate(0.9, true) },
  { name: "adam", make: (m) => adam(m.parameters(), adamOptions), update: adamUpdate(false) },
  { name: "adamW", make: (m) => adamW(m.parameters(), adamOptions), update: adamUpdate(true) },
  { name: "adamW, clipped", make: (m) => adamW(m.parameters(), { ...adamOptions, clipNorm: 0.5 }), update: adamUpdate(true), clipNorm: 0.5 },
  { name: "rmsprop", make: (m) => rmsprop(m.parameters(), rmspropOptions), update: rmspropUpdate(0) },
  { name: "rmsprop, momentum, clipped", make: (m) => rmsprop(m.parameters(), { ...rmspropOptions, momentum: 0.9, clipNorm: 0.5 }), update: rmspropUpdate(0.9), clipNorm: 0.5 },
  { name: "groups", make: (m) => sgd([{ parameters: [m.a, m.b] }, { parameters: [m.c], weightDecay: 0 }], { learningRate: rate, weightDecay: 0.1 }), update: sgdUpdate(0, false) },
];

const STEPS = 4;

function compiled(model: Pieces, optimizer: Optimizer): (scale: Tensor) => { gradientNorm: Tensor } {
  return compile((scale: Tensor) => optimizer.update(valueAndGrad(model, () => loss(model, scale)).grads));
}

describe("optimizers", () => {
  test.each(rules)("$name follows its formula", async ({ name, make, update, clipNorm }) => {
    const device = await testDevice();
    using model = new Pieces().to(device, { seed: 3 });
    using optimizer = make(model);
    const parameters = [model.a, model.b, model.c];
    const states = await Promise.all(parameters.map(async (p) => Array.from(await p.data(), (w): State => ({ w, m: 0, v: 0 }))));
    const step = compiled(model, optimizer);
    using scale = tensor(device, [0.8]);
    for (let i = 1; i <= STEPS; i++) {
      const grads = states.map((piece) => piece.map(({ w }) => w * 0.64));
      const norm = Math.hypot(...grads.flat());
      const clip = clipNorm ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
      const { gradientNorm } = step(scale);
      expect(await gradientNorm.item()).toBeCloseTo(norm, 4);
      gradientNorm.dispose();
      states.forEach((piece, k) => piece.forEach((s, j) => update(s, grads[k]![j]! * clip, i, name === "groups" && k === 2 ? 0 : 0.1)));
    }
    for (const [k, p] of parameters.entries()) expect([...(await p.data())]).toEqual(states[k]!.map(({ w }) => expect.closeTo(w, 5)));
  });

  test("rmsprop agrees with PyTorch", async () => {
    class Three extends Module {
      readonly w = new Parameter([3], fanInUniform(1));
    }
    const device = await testDevice();
    using model = new Three().to(device);
    // torch.optim.RMSprop of PyTorch 2.13 in double precision, four steps on ½·(0.8·w)², summed.
    for (const [options, expected] of [
      [{ learningRate: 0.05, alpha: 0.9, epsilon: 1e-3, weightDecay: 0.1, momentum: 0.8 }, [0.10912539759845812, -1.0453877963552918, -0.22593978303900963]],
      [{ learningRate: 0.05 }, [0.0873142532935282, -0.8127890397759728, 0]],
    ] as const) {
      model.w.write(Float32Array.of(1, -2, 0.5));
      using optimizer = rmsprop(model.parameters(), options);
      const step = compile(() => optimizer.update(valueAndGrad(model, () => sum(mul(mul(model.w, model.w), 0.32))).grads));
      for (let i = 0; i < 4; i++) step().gradientNorm.dispose();
      expect([...(await model.w.data())]).toEqual(expected.map((w) => expect.closeTo(w, 5)));
      step.dispose();
    }
    expect(() => rmsprop(model.parameters(), { learningRate: 0.1, alpha: 1 })).toThrow("rmsprop: alpha must be at least 0 and below 1, not 1.");
  });

  test.each([
    ["sgd", (m: Pieces) => sgd(m.parameters(), { learningRate: rate, momentum: 0.9, ema: 0.75 })],
    ["adamW", (m: Pieces) => adamW(m.parameters(), { learningRate: rate, ema: 0.75 })],
    ["rmsprop", (m: Pieces) => rmsprop(m.parameters(), { learningRate: rate, ema: 0.75 })],
  ] as const)("%s keeps an average, and goes on with it from its state", async (_name, make) => {
    const device = await testDevice();
    using model = new Pieces().to(device, { seed: 3 });
    using optimizer = make(model);
    expect(() => optimizer.swapAverage()).toThrow("swapAverage: there is no average before the first update.");
    const step = compiled(model, optimizer);
    using scale = tensor(device, [0.8]);
    const read = async (): Promise<number[]> => [...(await model.a.data()), ...(await model.b.data()), ...(await model.c.data())];
    let averages: number[] | undefined;
    const run = async (steps: number): Promise<void> => {
      for (let i = 0; i < steps; i++) {
        step(scale).gradientNorm.dispose();
        const now = await read();
        averages = now.map((w, k) => (averages ? 0.75 * averages[k]! + 0.25 * w : w));
      }
    };
    await run(2);
    const [saved, weights] = [await optimizer.state(), await read()];
    expect([...saved.tensors.get("a.average")!]).toEqual(averages!.slice(0, 67).map((w) => expect.closeTo(w, 6)));
    await run(2);
    const last = await read();
    const averaged = await optimizer.withAverage(async () => {
      expect(() => step(scale)).toThrow("update: the parameters are exchanged with their averages. Call swapAverage() first, which exchanges them back.");
      return read();
    });
    expect(averaged).toEqual(averages!.map((w) => expect.closeTo(w, 6)));
    expect(await read()).toEqual(last);

    using other = make(model);
    const again = compiled(model, other);
    model.a.write(Float32Array.from(weights.slice(0, 67)));
    model.b.write(Float32Array.from(weights.slice(67, 131)));
    model.c.write(Float32Array.from(weights.slice(131)));
    other.loadState(saved);
    for (let i = 0; i < 2; i++) again(scale).gradientNorm.dispose();
    expect(await read()).toEqual(last);
    expect(await other.withAverage(read)).toEqual(averaged);
  });

  test("an average of nothing but refused updates is the weights as they were", async () => {
    const device = await testDevice();
    using model = new Pieces().to(device, { seed: 3 });
    using optimizer = adamW(model.parameters(), { learningRate: rate, ema: 0.5 });
    using scale = tensor(device, [NaN]);
    const before = await model.a.data();
    compiled(model, optimizer)(scale).gradientNorm.dispose();
    expect(await optimizer.withAverage(() => model.a.data())).toEqual(before);
    expect(() => adamW(model.parameters(), { learningRate: rate, ema: 1 })).toThrow("adamw: ema must be at least 0 and below 1, not 1.");
    using plain = sgd(model.parameters(), { learningRate: rate });
    await expect(plain.withAverage(() => 0)).rejects.toThrow("swapAverage: this optimizer keeps no average. Make it with sgd(parameters, { …, ema: 0.999 }).");
  });

  test("a gradient that is not finite changes nothing", async () => {
    const device = await testDevice();
    using model = new Pieces().to(device, { seed: 3 });
    using optimizer = adamW(model.parameters(), { learningRate: rate });
    const before = [...(await model.a.data()), ...(await model.c.data())];
    const step = compiled(model, optimizer);
    for (const value of [NaN, Infinity]) {
      using scale = tensor(device, [value]);
      const { gradientNorm } = step(scale);
      expect(Number.isFinite(await gradientNorm.item())).toBe(false);
      gradientNorm.dispose();
      expect([...(await model.a.data()), ...(await model.c.data())]).toEqual(before);
    }
  });
});
