import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerPointwise, type Instruction } from "../kernels/pointwise.js";
import { CaptureError, DTypeError, GradientError, OptionError } from "../runtime/errors.js";
import type { DType } from "../runtime/dtype.js";
import { broadcastShape, sameShape, type Shape } from "../runtime/shape.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** A tensor, a parameter, or a number that stretches to any shape. */
export type Operand<D extends DType = DType> = TensorLike<D> | number;

/** One pointwise operation, or (after fusion) a chain of them. */
export interface PointwiseOptions {
  program: Instruction[];
  constants: number[];
}

type Values = readonly (Tensor | number)[];
type Rule = (grad: Tensor, args: Values, out: Tensor) => (Tensor | undefined)[];

const none: Rule = () => [];

/** Gradients with respect to each operand; undefined where there is none to pass on. */
const rules: Record<string, Rule> = {
  add: (g) => [g, g],
  sub: (g) => [g, neg(g)],
  mul: (g, [a, b]) => [mul(g, b!), mul(g, a!)],
  div: (g, [, b], out) => [div(g, b!), neg(div(mul(g, out), b!))],
  maximum: (g, [a, b]) => [mul(g, tieShare(a!, b!)), mul(g, tieShare(b!, a!))],
  minimum: (g, [a, b]) => [mul(g, tieShare(b!, a!)), mul(g, tieShare(a!, b!))],
  pow: (g, [a, b], out) => [powBaseGradient(g, a!, b!), powExponentGradient(g, a!, b!, out)],
  where: (g, [c]) => [undefined, where(c!, g, 0), where(c!, 0, g)],
  neg: (g) => [neg(g)],
  abs: (g, [a]) => [mul(g, sign(a!))],
  exp: (g, _, out) => [mul(g, out)],
  log: (g, [a]) => [div(g, a!)],
  sqrt: (g, _, out) => [div(mul(g, 0.5), out)],
  rsqrt: (g, [a], out) => [mul(g, mul(-0.5, div(out, a!)))],
  square: (g, [a]) => [mul(g, mul(2, a!))],
  reciprocal: (g, _, out) => [neg(mul(g, square(out)))],
  // The ends belong to the range, as in PyTorch.
  clamp: (g, [x, low, high]) => [where(add(less(x!, low!), greater(x!, high!)), 0, g)],
  relu: (g, _, out) => [where(greater(out, 0), g, 0)],
  relu6: (g, _, out) => [where(mul(greater(out, 0), less(out, 6)), g, 0)],
  sigmoid: (g, _, out) => [mul(g, mul(out, sub(1, out)))],
  tanh: (g, _, out) => [mul(g, sub(1, square(out)))],
  softplus: (g, [a]) => [mul(g, sigmoid(a!))],
  greater: none, less: none, equal: none, sign: none, isNaN: none,
};

/** b · aᵇ⁻¹, and 0 where the exponent is 0, whatever the base (0 · 0⁻¹ would be NaN). */
function powBaseGradient(grad: Tensor, a: Tensor | number, b: Tensor | number): Tensor | undefined {
  if (typeof b !== "number") return mul(grad, where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1)))));
  return b === 0 ? undefined : mul(grad, mul(b, pow(a, b - 1)));
}

/** aᵇ · log a, and 0 where 0 is raised to what is not negative (0 · log 0 would be NaN); PyTorch's choice. */
function powExponentGradient(grad: Tensor, a: Tensor | number, b: Tensor | number, out: Tensor): Tensor | undefined {
  if (typeof b === "number") return undefined;
  const slope = mul(out, typeof a === "number" ? Math.log(a) : log(a));
  if (typeof a === "number" && a !== 0) return mul(grad, slope);
  const flat = sub(1, less(b, 0));
  return mul(grad, where(typeof a === "number" ? flat : mul(flat, equal(a, 0)), 0, slope));
}

/** 1 where a is the larger, ½ where they tie (as PyTorch shares it), else 0. */
const tieShare = (a: Tensor | number, b: Tensor | number): Tensor => add(greater(a, b), mul(0.5, equal(a, b)));

/** Operations whose results are fractions, or which ask for what only floats have. */
const floatOnly = new Set(["pow", "exp", "log", "sqrt", "rsqrt", "reciprocal", "sigmoid", "tanh", "softplus"]);
/** Operations whose results can be negative although their operands are not. */
const signedOnly = new Set(["neg", "sign"]);
const integerRange = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

function checkOperands(name: string, specs: readonly Spec[], constants: readonly number[]): void {
  const dtype = specs[0]!.dtype;
  for (const spec of specs)
    if (spec.dtype !== dtype || !["f32", "i32", "u32"].includes(dtype)) throw new DTypeError(`${name}: the operands must all be f32 (or all i32, or all u32) but are ${specs.map((s) => s.dtype).join(" and ")}. Convert with cast(x, "f32").`);
  if (dtype !== "i32" && dtype !== "u32") return;
  if (floatOnly.has(name)) throw new DTypeError(`${name}: x must be f32 but is ${dtype}. Convert with cast(x, "f32").`);
  if (dtype === "u32" && signedOnly.has(name)) throw new DTypeError(`${name}: x must be f32 or i32 but is u32. Convert with cast(x, "i32").`);
  const [low, high] = integerRange[dtype];
  for (const value of constants)
    if (!Number.isInteger(value) || value < low || value > high) throw new OptionError(`${name}: the number ${value} does not fit tensors of dtype ${dtype}. Convert them with cast(x, "f32").`);
}

export const pointwiseOp = defineOp({
  name: "pointwise",
  shape: (inputs: Record<string, Spec>, { program, constants }: PointwiseOptions): Spec => {
    const specs = Object.values(inputs);
    const name = program.at(-1)![0];
    checkOperands(name, specs, constants);
    return { shape: specs.reduce<Shape>((shape, spec) => broadcastShape(name, shape, spec.shape), []), dtype: specs[0]!.dtype };
  },
  gradient: {
    x: (grad, inputs, { program, constants }, out, input) => {
      const last = program.at(-1)!;
      const rule = rules[last[0]];
      if (!rule || program.slice(0, -1).some(([name]) => name !== "const")) throw new GradientError(`${last[0]}: its gradient is not defined.`);
      const tensors = Object.values(inputs) as Tensor[];
      const args = last.slice(1).map((i) => tensors[i as number] ?? constants[program[(i as number) - tensors.length]![1]!]!);
      const position = last.slice(1).indexOf(Number(input.slice(1)));
      const partial = rule(grad, args, out)[position];
      return partial && sumTo(partial, inputs[input]!.shape);
    },
  },
  lower: lowerPointwise as never,
  traits: { pointwise: true, sliceOutput: true },
});

const fillOp = defineOp({
  name: "full",
  shape: (_: object, { shape }: PointwiseOptions & { shape: number[] }): Spec => ({ shape, dtype: "f32" }),
  gradient: {},
  lower: lowerPointwise as never,
  traits: { pointwise: true },
});

/** A tensor of one value, inside a function being captured. */
export const full = (shape: Shape, value: number): Tensor<"f32"> => fillOp({}, { program: [["const", 0]], constants: [value], shape: [...shape] }) as Tensor<"f32">;

/** Sums the axes along which `shape` was stretched by broadcasting. */
function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length ? sum(x, { axes }) : x, shape);
}

function apply<D extends DType>(name: string, ...operands: Operand<D>[]): Tensor<D> {
  const inputs: Record<string, TensorLike> = {};
  const program: Instruction[] = [];
  const constants: number[] = [];
  const count = operands.filter((o) => typeof o !== "number").length;
  if (count === 0) throw new OptionError(`${name}: at least one operand must be a tensor.`);
  let next = 0;
  const args = operands.map((operand) => {
    if (operand === undefined || operand === null) throw new CaptureError(`${name}: expected a tensor or a number but got ${String(operand)}.`);
    if (typeof operand !== "number") {
      inputs[`x${next}`] = operand;
      return next++;
    }
    program.push(["const", constants.push(operand) - 1]);
    return count + program.length - 1;
  });
  program.push([name, ...args]);
  return pointwiseOp(inputs, { program, constants }) as Tensor<D>;
}

/** a + b. Shapes broadcast by NumPy's rules, as in all operations here. */
export const add = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("add", a, b);
/** a − b. */
export const sub = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("sub", a, b);
/** a · b, elementwise. */
export const mul = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("mul", a, b);
/** a / b. */
export const div = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("div", a, b);
/** aᵇ of floats; a negative base is right for whole exponents only. */
export const pow = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("pow", a, b);
/** The larger of two; keeps NaN. */
export const maximum = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("maximum", a, b);
/** The smaller of two; keeps NaN. */
export const minimum = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("minimum", a, b);
/** 1 where a > b, else 0. */
export const greater = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("greater", a, b);
/** 1 where a < b, else 0. */
export const less = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("less", a, b);
/** 1 where a = b, else 0. */
export const equal = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("equal", a, b);
/** a where the condition is not 0, else b. */
export const where = <D extends DType = "f32">(condition: Operand<D>, a: Operand<D>, b: Operand<D>): Tensor<D> => apply("where", condition, a, b);
/** x limited to low … high (high wins where they cross); keeps NaN. Its gradient is 1 from low to high, both included. */
export const clamp = <D extends DType = "f32">(x: Operand<D>, low: number, high: number): Tensor<D> => {
  if (Number.isNaN(low) || Number.isNaN(high)) throw new OptionError(`clamp: low and high must be numbers but are ${low} and ${high}.`);
  return apply("clamp", x, low, high);
};
export const neg = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("neg", x);
export const abs = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("abs", x);
/** −1, 0 or 1. */
export const sign = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sign", x);
export const exp = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("exp", x);
/** Natural logarithm. */
export const log = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("log", x);
export const sqrt = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sqrt", x);
/** 1 / √x. */
export const rsqrt = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("rsqrt", x);
export const square = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("square", x);
export const reciprocal = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("reciprocal", x);
/** max(x, 0); keeps NaN. */
export const relu = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("relu", x);
/** min(max(x, 0), 6); keeps NaN. */
export const relu6 = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("relu6", x);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sigmoid", x);
export const tanh = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("tanh", x);
/** log(1 + eˣ), without overflow. */
export const softplus = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("softplus", x);
/** 1 where x is not a number, else 0. */
export const isNaN = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("isNaN", x);
