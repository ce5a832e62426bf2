import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import * as op from "../../src/ops/activations.js";
import { gradients } from "../../src/ops/gradients.js";
import { full } from "../../src/ops/pointwise.js";
import * as reference from "../reference/activations.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

/** Values around the kinks and none on them. */
const apart = (...shape: number[]) => ({ shape, distinct: true, low: -7.3, high: 8.1 });
const shapes = [apart(2, 3, 5, 4), apart(3, 7), apart(1), { shape: [7, 4], low: -3e4, high: 3e4 }];
const wide = [...shapes, apart(2, 2, 2, 2, 2), { shape: [9, 9], low: -1, high: 1 }, { shape: [40], low: -100, high: 100 }, { shape: [33], low: -1e-3, high: 1e-3 }];

for (const name of ["selu", "silu", "mish", "hardSigmoid", "hardSwish", "softsign", "logSigmoid"] as const) testOp(name, ({ x }) => op[name](x), reference[name], shapes.map((x) => ({ x })));
testOp("leakyRelu", ({ x }, o) => op.leakyRelu(x, o), reference.leakyRelu, [...shapes.map((x) => ({ x })), ...[0, 0.3, -0.5, 2].map((negativeSlope) => ({ x: apart(3, 4), options: { negativeSlope } }))]);
testOp("elu", ({ x }, o) => op.elu(x, o), reference.elu, [...shapes.map((x) => ({ x })), ...[0, 0.3, -0.5, 2].map((alpha) => ({ x: apart(3, 4), options: { alpha } }))]);
testOp("gelu", ({ x }, o) => op.gelu(x, o), reference.gelu, (["none", "tanh"] as const).flatMap((approximate) => wide.map((x) => ({ x, options: { approximate } }))));
testOp("softplus of options", ({ x }, o) => op.softplus(x, o), reference.softplus, [
  ...wide.map((x) => ({ x })),
  ...[{ beta: 3 }, { beta: 0.25, threshold: 1.5 }, { threshold: 2 }, { beta: -1.5 }, { beta: -2, threshold: 3 }].map((options) => ({ x: apart(5, 8), options })),
]);
testOp("prelu", ({ x, weight }) => op.prelu(x, weight), reference.prelu, [
  { x: apart(2, 3, 5, 4), weight: [4] },
  { x: apart(2, 3, 5, 3), weight: [3] },
  { x: apart(2, 3, 5, 3), weight: [1], name: "one slope" },
  { x: apart(7), weight: [7] },
  { x: apart(3, 1), weight: [1] },
  { x: apart(6, 5), weight: { shape: [5], values: [0, 1, -1, 0.25, 2] } },
  { x: apart(1, 9, 7, 8), weight: [8] },
  { x: apart(2, 40, 41, 1), weight: [1], name: "a long sum" },
  { x: apart(1, 1, 1, 16), weight: [16] },
  { x: apart(130, 2), weight: [2] },
]);

const everything: [string, (x: Tensor<"f32">) => Tensor][] = [
  ["relu", op.relu], ["relu6", op.relu6], ["leakyRelu", op.leakyRelu], ["elu", op.elu], ["selu", op.selu], ["gelu", op.gelu], ["gelu tanh", (x) => op.gelu(x, { approximate: "tanh" })],
  ["silu", op.silu], ["mish", op.mish], ["hardSigmoid", op.hardSigmoid], ["hardSwish", op.hardSwish], ["softplus", op.softplus], ["softplus of beta", (x) => op.softplus(x, { beta: 2 })],
  ["softsign", op.softsign], ["sigmoid", op.sigmoid], ["logSigmoid", op.logSigmoid], ["tanh", op.tanh],
];

describe("activations", () => {
  test.each(everything)("%s keeps a NaN, and nothing overflows where x is large", async (_, f) => {
    const device = await testDevice();
    using x = tensor(device, [NaN, -1e30, -1000, -100, -88.9, 88.9, 100, 1000, 1e30]);
    const run = compile((a: Tensor<"f32">) => [f(a), gradients(f(a), [a], full(a.shape, 1))[0]!]);
    const [y, slope] = (await Promise.all(run(x).map((t) => t.data()))).map((data) => [...data]);
    run.dispose();
    expect(y![0]).toBeNaN();
    for (const v of [...y!.slice(1), ...slope!.slice(1)]) expect(Number.isFinite(v)).toBe(true);
  });

  test("have PyTorch's gradients at their kinks", async () => {
    const device = await testDevice();
    using x = tensor(device, [-3, 0, 3, 6]);
    const kinked: [(x: Tensor<"f32">) => Tensor, number[]][] = [
      [op.relu, [0, 0, 1, 1]], [op.relu6, [0, 0, 1, 0]], [(a) => op.leakyRelu(a, { negativeSlope: 0.25 }), [0.25, 0.25, 1, 1]], [(a) => op.elu(a, { alpha: 2 }), [2 * Math.exp(-3), 2, 1, 1]],
      [op.hardSigmoid, [0, 1 / 6, 0, 0]], [op.hardSwish, [0, 0.5, 1, 1]], [(a) => op.prelu(a, full([1], 0.5)), [0.5, 0.5, 1, 1]],
    ];
    const run = compile((a: Tensor<"f32">) => kinked.map(([f]) => gradients(f(a), [a], full(a.shape, 1))[0]!));
    const slopes = await Promise.all(run(x).map((t) => t.data()));
    run.dispose();
    for (const [i, [, expected]] of kinked.entries()) for (const [k, v] of expected.entries()) expect(slopes[i]![k]).toBeCloseTo(v, 6);
  });
});

testErrors("activations", [
  ["an unknown option", { x: [2] }, ({ x }) => op.leakyRelu(x!, { slope: 1 } as object), 'leakyRelu: unknown option "slope". Options: negativeSlope.'],
  ["an infinite slope", { x: [2] }, ({ x }) => op.leakyRelu(x!, { negativeSlope: Infinity }), "leakyRelu: negativeSlope must be a finite number but is Infinity."],
  ["a number for options", { x: [2] }, ({ x }) => op.elu(x!, 1 as never), "elu: needs its options as an object. Options: alpha."],
  ["another approximation", { x: [2] }, ({ x }) => op.gelu(x!, { approximate: "erf" as never }), 'gelu: approximate must be "none" or "tanh" but is "erf".'],
  ["beta 0", { x: [2] }, ({ x }) => op.softplus(x!, { beta: 0 }), "softplus: beta must not be 0."],
  ["slopes that do not fit", { x: [2, 3], weight: [2] }, ({ x, weight }) => op.prelu(x!, weight!), "prelu: weight must hold one number, or one for each of the 3 channels (the last axis) of x.\n  x       [2, 3]\n  weight  [2]"],
  ["whole numbers", { x: { shape: [2], dtype: "i32" } }, ({ x }) => op.gelu(x!), 'gelu: x must be f32 but is i32. Convert with cast(x, "f32").'],
  ["whole numbers", { x: { shape: [2], dtype: "i32" } }, ({ x }) => op.softplus(x!, { beta: 0.5 }), 'softplus: x must be f16 or f32 but is i32. Convert with cast(x, "f32").'],
  ["what is no tensor", {}, () => op.prelu(undefined as never, undefined as never), "prelu: x must be a tensor but is undefined. Make one with tensor(device, data, shape)."],
]);
