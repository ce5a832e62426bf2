import { describe, expect, test } from "vitest";
import { zeros } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { adam, adamW, cosine, poly, sgd, stepDecay, warmUp, type LearningRate } from "../../src/optim/index.js";

const at = (schedule: LearningRate, ...steps: number[]): number[] => steps.map((step) => (typeof schedule === "number" ? schedule : schedule(step)));
const near = (values: number[]) => values.map((v): unknown => expect.closeTo(v, 9));

describe("schedules", () => {
  test("fall as their formulas say, and stay at the end", () => {
    expect(at(poly(2, 10), 0, 5, 10, 11)).toEqual(near([2, 2 * 0.5 ** 0.9, 0, 0]));
    expect(at(poly(2, 10, { power: 1, end: 1 }), 0, 5, 10, 99)).toEqual(near([2, 1.5, 1, 1]));
    expect(at(cosine(2, 8), 0, 2, 4, 8, 20)).toEqual(near([2, 1 + Math.SQRT1_2, 1, 0, 0]));
    expect(at(cosine(2, 8, { end: 1 }), 0, 4, 8)).toEqual(near([2, 1.5, 1]));
    expect(at(stepDecay(1, 3), 0, 2, 3, 5, 6)).toEqual(near([1, 1, 0.1, 0.1, 0.01]));
  });

  test("warm up to what follows", () => {
    expect(at(warmUp(4, 4), 0, 1, 3, 4, 9)).toEqual(near([1, 2, 4, 4, 4]));
    expect(at(warmUp(poly(4, 8, { power: 1 }), 2, { from: 0.5 }), 0, 1, 2, 8)).toEqual(near([3, 3.5, 3, 0]));
  });

  test("refuse what is out of range or unknown", () => {
    expect(() => poly(1, 0)).toThrow("poly: the number of steps must be positive, not 0.");
    expect(() => poly(NaN, 10)).toThrow("poly: base must be a number of at least 0, not NaN.");
    expect(() => poly(1, 10, { pwer: 1 } as object)).toThrow('poly: unknown option "pwer". Did you mean "power"? Options: power, end.');
    expect(() => cosine(1, 10, { end: -1 })).toThrow("cosine: end must be a number of at least 0, not -1.");
    expect(() => stepDecay(1, 3, { gamma: NaN })).toThrow("stepDecay: gamma must be a number of at least 0, not NaN.");
    expect(() => warmUp(-1, 3)).toThrow("warmUp: after must be a number of at least 0, not -1.");
  });
});

test("optimizers refuse what is out of range or unknown", () => {
  const parameters = [new Parameter([2], zeros)];
  const learningRate = 0.1;
  expect(() => sgd(parameters, { learningRate: -1 })).toThrow("sgd: learningRate must be a number of at least 0 or a schedule, not -1.");
  expect(() => sgd(parameters, { learningRate, momentum: NaN })).toThrow("sgd: momentum must be a number of at least 0, not NaN.");
  expect(() => sgd(parameters, { learningRate, nesterov: true })).toThrow("sgd: nesterov needs a momentum above 0.");
  expect(() => adamW(parameters, { learningRate, weightDecay: -0.1 })).toThrow("adamw: weightDecay must be a number of at least 0, not -0.1.");
  expect(() => adam(parameters, { learningRate, epsilon: -1 })).toThrow("adam: epsilon must be a number of at least 0, not -1.");
  expect(() => adam(parameters, { learningRate, betas: [0.9, 1] })).toThrow("adam: betas must be at least 0 and below 1, not 0.9 and 1.");
  expect(() => adam(parameters, { learningRate, beta: 0.9 } as never)).toThrow('adam: unknown option "beta". Did you mean "betas"? Options: learningRate, weightDecay, clipNorm, ema, betas, epsilon.');
  expect(() => sgd([{ parameters, learningRateScale: NaN }], { learningRate })).toThrow("sgd: learningRateScale of a parameter group must be a number of at least 0, not NaN.");
  expect(() => sgd([{ parameters, learningRate: 1 } as never], { learningRate })).toThrow('sgd parameter group: unknown option "learningRate". Did you mean "learningRateScale"? Options: learningRateScale, weightDecay.');
  expect(() => sgd([...parameters, ...parameters], { learningRate })).toThrow("sgd: a parameter is given twice.");
});
