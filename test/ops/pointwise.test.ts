import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { leakyRelu } from "../../src/ops/activations.js";
import { gradients } from "../../src/ops/gradients.js";
import * as op from "../../src/ops/pointwise.js";
import { erf as erfOf } from "../reference/activations.js";
import * as reference from "../reference/pointwise.js";
import { testDevice } from "../support/device.js";
import { testOp } from "../support/test-op.js";

const positive = (shape: number[]) => ({ shape, low: 0.3, high: 2 });
const apart = (shape: number[]) => ({ shape, distinct: true });

/** Few values, so that some pairs are equal. */
const cycle = (shape: number[]) => Array.from({ length: shape.reduce((x, y) => x * y) }, (_, i) => ((i * 7) % 5) - 2);

/** Shapes that meet every way of indexing: same, channel, one value, general broadcasting; widths that do and do not fill vec4s. */
const pairs: [number[], number[]][] = [
  [[2, 3, 5, 4], [2, 3, 5, 4]],
  [[7], [7]],
  [[2, 3, 5, 4], [4]],
  [[2, 3, 3], [3]],
  [[2, 3, 4], [1]],
  [[1, 1], [3, 5]],
  [[2, 1, 4], [3, 1]],
  [[2, 3, 1, 5], [1, 3, 4, 1]],
  [[3, 1, 4], [4]],
  [[1], [1]],
];

for (const name of ["add", "sub", "mul"] as const) testOp(name, ({ a, b }) => op[name](a, b), reference[name], pairs.map(([a, b]) => ({ a, b })));
testOp("div", ({ a, b }) => op.div(a, b), reference.div, pairs.map(([a, b]) => ({ a, b: positive(b) })));
testOp("pow", ({ a, b }) => op.pow(a, b), reference.pow, pairs.map(([a, b]) => ({ a: positive(a), b })));
for (const name of ["maximum", "minimum"] as const)
  testOp(name, ({ a, b }) => op[name](a, b), reference[name], pairs.map(([a, b]) => ({ a: apart(a), b: { shape: b, distinct: true, low: -0.93, high: 1.11 } })));
for (const name of ["greater", "greaterEqual", "less", "lessEqual", "equal", "notEqual"] as const)
  testOp(name, ({ a, b }) => op[name](a, b), reference[name], pairs.map(([a, b]) => ({ a: { shape: a, values: cycle(a) }, b: { shape: b, values: cycle(b) } })), { gradients: false });
testOp("where", ({ c, a, b }) => op.where(c, a, b), reference.where, pairs.map(([a, b]) => ({ c: { shape: a, values: Array.from({ length: a.reduce((x, y) => x * y) }, (_, i) => i % 2), gradient: false }, a, b })));

const shapes = [[2, 3, 5, 4], [3, 7], [1], [65], [2, 2, 2, 2, 2]];
for (const name of ["neg", "exp", "expm1", "square", "sigmoid", "tanh", "softplus", "erf", "sin", "cos"] as const) testOp(name, ({ a }) => op[name](a), reference[name], shapes.map((a) => ({ a })));
for (const name of ["abs", "sign", "floor", "ceil", "round", "relu", "relu6"] as const) testOp(name, ({ a }) => op[name](a), reference[name], shapes.map((a) => ({ a: { shape: a, distinct: true, low: -8.1, high: 9.2 } })));
for (const name of ["log", "log1p", "sqrt", "rsqrt", "reciprocal"] as const) testOp(name, ({ a }) => op[name](a), reference[name], shapes.map((a) => ({ a: positive(a) })));

describe("pointwise", () => {
  test("series stand in near zero, and angles may be large", async () => {
    const device = await testDevice();
    const values = [0, 1e-6, -1e-6, 3e-4, -3e-4, 0.02, -0.02, 0.249, -0.251, 0.349, -0.351, 0.39, -0.41, 0.7];
    using x = tensor(device, values);
    using angles = tensor(device, [1e4, -1e4, 3141.5927, 777.25, -12.5, 100]);
    const run = compile((a: Tensor, b: Tensor) => [op.expm1(a), op.log1p(a), op.tanh(a), op.erf(a), op.sin(b), op.cos(b)]);
    const [expm1, log1p, tanh, erf, sin, cos] = await Promise.all(run(x, angles).map((t) => t.data()));
    run.dispose();
    for (const [data, f] of [[expm1, Math.expm1], [log1p, Math.log1p], [tanh, Math.tanh], [erf, erfOf]] as const)
      for (const [i, v] of values.map(Math.fround).entries()) expect(Math.abs(data![i]! - f(v))).toBeLessThanOrEqual(1e-6 * Math.abs(f(v)));
    for (const [data, f] of [[sin, Math.sin], [cos, Math.cos]] as const)
      for (const [i, v] of [1e4, -1e4, 3141.5927, 777.25, -12.5, 100].map(Math.fround).entries()) expect(Math.abs(data![i]! - f(v))).toBeLessThan(1e-6);
  });

  test("halves are rounded to even", async () => {
    const device = await testDevice();
    using x = tensor(device, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.49]);
    using y = op.round(x);
    expect([...(await y.data())].map((v) => v + 0)).toEqual([-2, -2, 0, 0, 2, 2, 3]);
  });

  test("numbers are operands too, on either side", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2, 4]);
    using y = op.sub(1, op.div(2, op.add(x, 0.5)));
    expect([...(await y.data())]).toEqual([1, 2, 4].map((v) => expect.closeTo(1 - 2 / (v + 0.5), 6)));
  });

  test("ReLU, maximum and minimum keep a NaN", async () => {
    const device = await testDevice();
    using x = tensor(device, [NaN, -1, 1, NaN]);
    const f = compile((t: Tensor) => [op.relu(t), op.maximum(t, 0), op.minimum(0, t), op.isNaN(t), op.relu6(t)]);
    const [relu, max, min, mask, six] = await Promise.all(f(x).map((t) => t.data()));
    for (const data of [relu, max, six]) expect([...data!]).toEqual([NaN, 0, 1, NaN]);
    expect([...min!]).toEqual([NaN, -1, 0, NaN]);
    expect([...mask!]).toEqual([1, 0, 0, 1]);
  });

  test("integers are compared as integers, also those whose bits would be a NaN", async () => {
    const device = await testDevice();
    using x = tensor(device, Int32Array.of(-1, -7, 2, 2147483647));
    using y = tensor(device, Uint32Array.of(0xffffffff, 1, 0x7fc00000, 3));
    const f = compile((i: Tensor<"i32">, u: Tensor<"u32">) => [op.maximum(i, 1), op.minimum(i, -2), op.relu(i), op.clamp(i, -3, 6), op.isNaN(i), op.add(i, -2147483648), op.minimum(u, 7), op.maximum(2, u)]);
    const read = (await Promise.all(f(x, y).map((t) => t.data()))).map((data) => [...data]);
    expect(read).toEqual([
      [1, 1, 2, 2147483647], [-2, -7, -2, -2], [0, 0, 2, 2147483647], [-1, -3, 2, 6], [0, 0, 0, 0],
      [2147483647, 2147483641, -2147483646, -1], [7, 1, 7, 3], [0xffffffff, 2, 0x7fc00000, 3],
    ]);
  });

  test("clamp keeps its ends' gradient and a NaN, and pow has one where 0 is the base or the exponent", async () => {
    const device = await testDevice();
    using x = tensor(device, [NaN, -1, 0, 0.5, 1, 2]);
    using clamped = op.clamp(x, 0, 1);
    expect([...(await clamped.data())]).toEqual([NaN, 0, 0, 0.5, 1, 1]);
    using base = tensor(device, [0, 2, 3, 0]);
    using exponent = tensor(device, [2, 0, 1, 0]);
    const slopes = compile((t: Tensor<"f32">, a: Tensor<"f32">, b: Tensor<"f32">) => [
      ...gradients(op.clamp(t, 0, 1), [t], op.full(t.shape, 1)),
      ...gradients(op.pow(a, b), [a, b], op.full(a.shape, 1)),
      ...gradients(op.pow(2, b), [b], op.full(b.shape, 1)),
      ...gradients(op.pow(a, 0), [a], op.full(a.shape, 1)),
    ]);
    const [clamp, ofBase, ofExponent, ofPower, ofOne] = (await Promise.all(slopes(x, base, exponent).map((t) => t.data()))).map((data) => [...data]);
    expect(clamp!.slice(1)).toEqual([0, 1, 1, 1, 0]);
    const near = (values: number[]) => values.map((v): unknown => expect.closeTo(v, 4));
    expect(ofBase).toEqual(near([0, 0, 1, 0]));
    expect(ofExponent).toEqual(near([0, Math.log(2), 3 * Math.log(3), 0]));
    expect(ofPower).toEqual(near([4 * Math.log(2), Math.log(2), 2 * Math.log(2), Math.log(2)]));
    expect(ofOne).toEqual([0, 0, 0, 0]);
  });

  test("numbers beyond the range of f32 are infinite", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, -2]);
    using y = op.mul(x, 1e39);
    expect([...(await y.data())]).toEqual([Infinity, -Infinity]);
  });

  test("the largest f32 is a constant like any other", async () => {
    const device = await testDevice();
    const largest = 3.4028234663852886e38; // what masks of attention are filled with
    using x = tensor(device, [1, 0]);
    using y = op.where(x, -largest, largest);
    expect([...(await y.data())]).toEqual([-largest, largest]);
  });

  test("NaN and infinities survive a product with 0, and NaN differs from itself", async () => {
    const device = await testDevice();
    using x = tensor(device, [NaN, Infinity, -2]);
    const f = compile((t: Tensor<"f32">) => [op.mul(t, 0), op.notEqual(t, t), op.where(op.mul(t, 1), 1, 2), leakyRelu(t, { negativeSlope: 0 })]);
    const [product, differs, chosen, leaky] = (await Promise.all(f(x).map((t) => t.data()))).map((data) => [...data]);
    expect(product!.map((v) => v + 0)).toEqual([NaN, NaN, 0]);
    expect(differs).toEqual([1, 0, 0]);
    expect(chosen).toEqual([1, 1, 1]);
    expect(leaky!.map((v) => v + 0)).toEqual([NaN, Infinity, 0]);
    f.dispose();
  });

  test("pow at zeros, infinities, NaN and negative bases is that of C and PyTorch", async () => {
    const device = await testDevice();
    const pairs: [base: number, exponent: number, power: number][] = [
      [0, 0, 1], [0, 1, 0], [0, -1, Infinity], [-0, -1, -Infinity], [-0, -2, Infinity], [0, 0.5, 0], [NaN, 0, 1], [1, NaN, 1], [NaN, 2, NaN], [2, NaN, NaN], [Infinity, 0, 1],
      [-2, 0.5, NaN], [-8, 1 / 3, NaN], [-2, 3, -8], [-2, -2, 0.25], [-Infinity, 3, -Infinity], [-Infinity, 0.5, Infinity], [Infinity, -1, 0], [-2, Infinity, Infinity], [-1, Infinity, 1], [0.5, Infinity, 0],
    ];
    using a = tensor(device, pairs.map(([base]) => base));
    using b = tensor(device, pairs.map(([, exponent]) => exponent));
    using power = op.pow(a, b);
    const values = await power.data();
    for (const [i, [base, exponent, expected]] of pairs.entries()) expect(values[i]! + 0, `${base} ^ ${exponent}`).toEqual(Number.isFinite(expected) ? expect.closeTo(expected, 4) : expected);
    // The slope of x¹ is x⁰.
    using zero = tensor(device, [0, 3]);
    const slope = compile((t: Tensor<"f32">) => gradients(op.pow(t, 1), [t], op.full(t.shape, 1))[0]!);
    using one = slope(zero);
    expect([...(await one.data())]).toEqual([1, 1]);
    slope.dispose();
  });

  test("says what integers cannot do", async () => {
    const device = await testDevice();
    using labels = tensor(device, Uint32Array.of(1, 2, 3));
    expect(() => op.exp(labels)).toThrowError('exp: x must be f32 but is u32. Convert with cast(x, "f32").');
    expect(() => op.neg(labels)).toThrowError('neg: x must be f32 or i32 but is u32. Convert with cast(x, "i32").');
    expect(() => op.add(labels, 0.5)).toThrowError('add: the number 0.5 does not fit tensors of dtype u32. Convert them with cast(x, "f32").');
    expect(() => op.sub(labels, -1)).toThrowError('sub: the number -1 does not fit tensors of dtype u32. Convert them with cast(x, "f32").');
    expect(() => op.clamp(labels, 0, NaN)).toThrowError("clamp: low and high must be numbers but are 0 and NaN.");
    expect(() => op.add(labels, undefined as never)).toThrowError("add: expected a tensor or a number but got undefined.");
    expect(() => op.clamp(labels, "0" as never, 1)).toThrowError("clamp: expected a tensor or a number but got a string. Make a tensor with tensor(device, data, shape).");
    expect(() => op.mul(labels, [1, 2] as never)).toThrowError("mul: expected a tensor or a number but got an array.");
  });

  test("says which shapes and dtypes do not go together", async () => {
    const device = await testDevice();
    using a = tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]);
    using b = tensor(device, [1, 2]);
    using labels = tensor(device, Uint32Array.of(1, 2, 3));
    expect(() => op.add(a, b)).toThrowError("add: the shapes do not broadcast (axes are aligned at the end; only 1 stretches).\n  a  [2, 3]\n  b  [2]");
    expect(() => op.mul(a, labels)).toThrowError('mul: the operands must all be f32 (or all f16, all i32, all u32) but are f32 and u32. Convert with cast(x, "f32").');
    expect(() => op.add(1, 2)).toThrowError("add: at least one operand must be a tensor.");
  });
});
