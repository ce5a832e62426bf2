import type { Tensor } from "../graph/tensor.js";

type Value = Tensor | number;
type Call = (name: string, ...operands: Value[]) => Tensor;
/** Gradients with respect to each operand; undefined where there is none to pass on. */
type Rule = (grad: Tensor, args: readonly Value[], out: Tensor) => (Tensor | undefined)[];

const none: Rule = () => [];

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * The gradients of the pointwise operations, in terms of themselves: `call(name, …)` records one. Every intermediate result is
 * read once, so that each gradient fuses into one dispatch. At kinks and at NaN they are PyTorch's choices.
 */
export function gradientRules(call: Call): Record<string, Rule> {
  const binary = (name: string) => (a: Value, b: Value): Tensor => call(name, a, b);
  const unary = (name: string) => (a: Value): Tensor => call(name, a);
  const [add, sub, mul, div, pow] = [binary("add"), binary("sub"), binary("mul"), binary("div"), binary("pow")];
  const [less, lessEqual, greater, greaterEqual, equal] = [binary("less"), binary("lessEqual"), binary("greater"), binary("greaterEqual"), binary("equal")];
  const [neg, abs, sign, exp, log, square] = [unary("neg"), unary("abs"), unary("sign"), unary("exp"), unary("log"), unary("square")];
  const [reciprocal, sigmoid, erf, sin, cos] = [unary("reciprocal"), unary("sigmoid"), unary("erf"), unary("sin"), unary("cos")];
  const where = (condition: Value, a: Value, b: Value): Tensor => call("where", condition, a, b);

  /** 1 where a is the larger, ½ where they tie, else 0; 1 for both where one is NaN. */
  const tieShare = (a: Value, b: Value): Tensor => sub(1, add(less(a, b), mul(0.5, equal(a, b))));

  /** b · aᵇ⁻¹, and 0 where the exponent is 0, whatever the base (0 · 0⁻¹ would be NaN). */
  const powBase = (grad: Tensor, a: Value, b: Value): Tensor | undefined => {
    if (typeof b !== "number") return mul(grad, where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1)))));
    return b === 0 ? undefined : mul(grad, mul(b, pow(a, b - 1)));
  };

  /** aᵇ · log a, and 0 where 0 is raised to what is not negative (0 · log 0 would be NaN). */
  const powExponent = (grad: Tensor, a: Value, b: Value, out: Tensor): Tensor | undefined => {
    if (typeof b === "number") return undefined;
    const slope = mul(out, typeof a === "number" ? Math.log(a) : log(a));
    if (typeof a === "number" && a !== 0) return mul(grad, slope);
    const flat = sub(1, less(b, 0));
    return mul(grad, where(typeof a === "number" ? flat : mul(flat, equal(a, 0)), 0, slope));
  };

  /** slope · g below (and at) zero, g above; the slope's own gradient gathers what is below. */
  const leaky: Rule = (g, [x, slope]) => [mul(g, where(greater(x!, 0), 1, slope!)), mul(g, where(greater(x!, 0), 0, x!))];

  return {
    add: (g) => [g, g],
    sub: (g) => [g, neg(g)],
    mul: (g, [a, b]) => [mul(g, b!), mul(g, a!)],
    div: (g, [, b], out) => [div(g, b!), neg(div(mul(g, out), b!))],
    maximum: (g, [a, b]) => [mul(g, tieShare(a!, b!)), mul(g, tieShare(b!, a!))],
    minimum: (g, [a, b]) => [mul(g, tieShare(b!, a!)), mul(g, tieShare(a!, b!))],
    pow: (g, [a, b], out) => [powBase(g, a!, b!), powExponent(g, a!, b!, out)],
    where: (g, [c]) => [undefined, where(c!, g, 0), where(c!, 0, g)],
    neg: (g) => [neg(g)],
    abs: (g, [a]) => [mul(g, sign(a!))],
    exp: (g, _, out) => [mul(g, out)],
    expm1: (g, _, out) => [mul(g, add(out, 1))],
    log: (g, [a]) => [div(g, a!)],
    log1p: (g, [a]) => [div(g, add(a!, 1))],
    sin: (g, [a]) => [mul(g, cos(a!))],
    cos: (g, [a]) => [mul(g, neg(sin(a!)))],
    sqrt: (g, _, out) => [div(mul(g, 0.5), out)],
    rsqrt: (g, [a], out) => [mul(g, mul(-0.5, div(out, a!)))],
    square: (g, [a]) => [mul(g, mul(2, a!))],
    reciprocal: (g, _, out) => [neg(mul(g, square(out)))],
    erf: (g, [a]) => [mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(square(a!)))))],
    // The ends belong to the range; NaN does not.
    clamp: (g, [x, low, high]) => [where(mul(greaterEqual(x!, low!), lessEqual(x!, high!)), g, 0)],
    relu: (g, _, out) => [call("reluGradient", out, g)],
    reluGradient: (g, [out]) => [undefined, call("reluGradient", out!, g)],
    relu6: (g, _, out) => [call("relu6Gradient", out, g)],
    relu6Gradient: (g, [out]) => [undefined, call("relu6Gradient", out!, g)],
    leakyRelu: leaky,
    prelu: leaky,
    elu: (g, [x, alpha]) => [mul(g, where(lessEqual(x!, 0), mul(alpha!, exp(x!)), 1))],
    selu: (g, [x]) => [mul(g, where(lessEqual(x!, 0), mul(SELU_SCALE * SELU_ALPHA, exp(x!)), SELU_SCALE))],
    // Φ(x) + x φ(x)
    gelu: (g, [x]) => [mul(g, add(mul(0.5, add(1, erf(mul(x!, Math.SQRT1_2)))), mul(mul(x!, 1 / Math.sqrt(2 * Math.PI)), exp(mul(-0.5, square(x!))))))],
    geluTanh: (g, [x]) => [mul(g, call("geluTanhSlope", x!))],
    silu: (g, [x]) => [mul(g, mul(sigmoid(x!), add(1, mul(x!, sigmoid(neg(x!))))))],
    mish: (g, [x]) => [mul(g, call("mishSlope", x!))],
    hardSigmoid: (g, [x]) => [where(mul(greater(x!, -3), less(x!, 3)), mul(g, 1 / 6), 0)],
    hardSwish: (g, [x]) => [mul(g, where(lessEqual(x!, -3), 0, where(less(x!, 3), add(div(x!, 3), 0.5), 1)))],
    sigmoid: (g, _, out) => [mul(g, mul(out, sub(1, out)))],
    logSigmoid: (g, [x]) => [mul(g, sigmoid(neg(x!)))],
    tanh: (g, _, out) => [mul(g, sub(1, square(out)))],
    softplus: (g, [a]) => [mul(g, sigmoid(a!))],
    softsign: (g, [x]) => [mul(g, square(reciprocal(add(1, abs(x!)))))],
    greater: none, greaterEqual: none, less: none, lessEqual: none, equal: none, notEqual: none, sign: none, isNaN: none,
    floor: none, ceil: none, round: none,
  };
}
