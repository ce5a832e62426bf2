import * as pointwise from "../../src/ops/pointwise.js";
import { pytorchFamily, type PyTorchOp } from "../support/pytorch.js";

const { add, sub, mul, div, pow, maximum, minimum, greater, greaterEqual, less, lessEqual, equal, notEqual, where, clamp } = pointwise;
const { neg, abs, sign, floor, ceil, round, exp, expm1, log, log1p, sin, cos, sqrt, rsqrt, square, reciprocal, erf } = pointwise;

/** Operands are tensors of the file, or numbers of its options. */
const binary = (op: typeof add): PyTorchOp => (inputs, options) => op(inputs["a"] ?? options.a, inputs["b"] ?? options.b);
const unary = (op: typeof neg): PyTorchOp => ({ x }) => op(x);

await pytorchFamily("pointwise", {
  ...Object.fromEntries(Object.entries({ add, sub, mul, div, pow, maximum, minimum, greater, greaterEqual, less, lessEqual, equal, notEqual }).map(([k, op]) => [k, binary(op)])),
  ...Object.fromEntries(Object.entries({ neg, abs, sign, floor, ceil, round, exp, expm1, log, log1p, sin, cos, sqrt, rsqrt, square, reciprocal, erf }).map(([k, op]) => [k, unary(op)])),
  where: ({ c, a, b }, o) => where(c, a, b ?? o.b),
  clamp: ({ x }, { low, high }) => clamp(x, low, high),
});
