// Arithmetic on elements. Each takes tensors (or parameters) of one dtype and any shapes that broadcast by NumPy's rules, and
// numbers; chains of them run as one dispatch. Integers wrap around. A NaN that comes in stays one.

import type { Tensor } from "../graph/tensor.js";
import type { DType } from "../runtime/dtype.js";
import { OptionError } from "../runtime/errors.js";
import { apply, type Operand } from "./pointwise-op.js";

export { relu, relu6, sigmoid, softplus, tanh } from "./activations.js";
export { full, pointwiseOp, type Operand, type PointwiseOptions } from "./pointwise-op.js";

/**
 * a + b; f32, f16, i32 or u32. Shapes broadcast by NumPy's rules, as in all operations here.
 * @pytorch torch.add
 * @onnx Add
 */
export const add = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("add", a, b);
/**
 * a − b; f32, f16, i32 or u32.
 * @pytorch torch.sub
 * @onnx Sub
 */
export const sub = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("sub", a, b);
/**
 * a · b, elementwise; f32, f16, i32 or u32.
 * @pytorch torch.mul
 * @onnx Mul
 */
export const mul = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("mul", a, b);
/**
 * a / b; f32 or f16, and i32 and u32 cut towards zero. A whole number divided by 0 stays as it is.
 * @pytorch torch.div (integers: rounding_mode="trunc")
 * @onnx Div
 */
export const div = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("div", a, b);
/**
 * aᵇ of floats, as C and PyTorch have it: a⁰ and 1ᵇ are 1 even for NaN, and a negative base to a fraction is NaN.
 * @pytorch torch.pow
 * @onnx Pow
 */
export const pow = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("pow", a, b);
/**
 * The larger of two; keeps NaN. Where they tie, each has half of the gradient.
 * @pytorch torch.maximum
 * @onnx Max
 */
export const maximum = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("maximum", a, b);
/**
 * The smaller of two; keeps NaN. Where they tie, each has half of the gradient.
 * @pytorch torch.minimum
 * @onnx Min
 */
export const minimum = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("minimum", a, b);
/**
 * 1 where a > b, else 0, in the dtype of the operands.
 * @pytorch torch.gt
 * @onnx Greater
 */
export const greater = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("greater", a, b);
/**
 * 1 where a ≥ b, else 0, in the dtype of the operands.
 * @pytorch torch.ge
 * @onnx GreaterOrEqual
 */
export const greaterEqual = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("greaterEqual", a, b);
/**
 * 1 where a < b, else 0, in the dtype of the operands.
 * @pytorch torch.lt
 * @onnx Less
 */
export const less = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("less", a, b);
/**
 * 1 where a ≤ b, else 0, in the dtype of the operands.
 * @pytorch torch.le
 * @onnx LessOrEqual
 */
export const lessEqual = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("lessEqual", a, b);
/**
 * 1 where a = b, else 0, in the dtype of the operands. NaN equals nothing.
 * @pytorch torch.eq
 * @onnx Equal
 */
export const equal = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("equal", a, b);
/**
 * 1 where a ≠ b, else 0, in the dtype of the operands. NaN differs from everything.
 * @pytorch torch.ne
 * @onnx none: Equal, then Not
 */
export const notEqual = <D extends DType = "f32">(a: Operand<D>, b: Operand<D>): Tensor<D> => apply("notEqual", a, b);
/**
 * a where the condition is not 0 (NaN is not), else b. The condition has the dtype of a and b.
 * @pytorch torch.where
 * @onnx Where
 */
export const where = <D extends DType = "f32">(condition: Operand<D>, a: Operand<D>, b: Operand<D>): Tensor<D> => apply("where", condition, a, b);
/**
 * x limited to low … high (high wins where they cross); keeps NaN. Its gradient is 1 from low to high, both included.
 *
 * @throws OptionError when an end is NaN
 * @pytorch torch.clamp
 * @onnx Clip
 */
export const clamp = <D extends DType = "f32">(x: Operand<D>, low: number, high: number): Tensor<D> => {
  if (Number.isNaN(low) || Number.isNaN(high)) throw new OptionError(`clamp: low and high must be numbers but are ${low} and ${high}.`);
  return apply("clamp", x, low, high);
};
/**
 * −x.
 * @pytorch torch.neg
 * @onnx Neg
 */
export const neg = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("neg", x);
/**
 * |x|; its gradient at 0 is 0.
 * @pytorch torch.abs
 * @onnx Abs
 */
export const abs = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("abs", x);
/**
 * −1, 0 or 1.
 * @pytorch torch.sign
 * @onnx Sign
 */
export const sign = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sign", x);
/**
 * The largest whole number that is not above x; no gradient passes.
 * @pytorch torch.floor
 * @onnx Floor
 */
export const floor = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("floor", x);
/**
 * The smallest whole number that is not below x; no gradient passes.
 * @pytorch torch.ceil
 * @onnx Ceil
 */
export const ceil = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("ceil", x);
/**
 * The nearest whole number, of two the even one; no gradient passes.
 * @pytorch torch.round
 * @onnx Round
 */
export const round = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("round", x);
/**
 * eˣ.
 * @pytorch torch.exp
 * @onnx Exp
 */
export const exp = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("exp", x);
/**
 * eˣ − 1, accurate near 0.
 * @pytorch torch.expm1
 * @onnx none: Exp, then Sub
 */
export const expm1 = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("expm1", x);
/**
 * Natural logarithm.
 * @pytorch torch.log
 * @onnx Log
 */
export const log = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("log", x);
/**
 * log(1 + x), accurate near 0.
 * @pytorch torch.log1p
 * @onnx none: Add, then Log
 */
export const log1p = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("log1p", x);
/**
 * Sine of x in radians, within 1e-6 for |x| up to 10⁴.
 * @pytorch torch.sin
 * @onnx Sin
 */
export const sin = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sin", x);
/**
 * Cosine of x in radians, within 1e-6 for |x| up to 10⁴.
 * @pytorch torch.cos
 * @onnx Cos
 */
export const cos = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("cos", x);
/**
 * √x.
 * @pytorch torch.sqrt
 * @onnx Sqrt
 */
export const sqrt = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("sqrt", x);
/**
 * 1 / √x.
 * @pytorch torch.rsqrt
 * @onnx none: Sqrt, then Reciprocal
 */
export const rsqrt = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("rsqrt", x);
/**
 * x².
 * @pytorch torch.square
 * @onnx none: Mul
 */
export const square = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("square", x);
/**
 * 1 / x.
 * @pytorch torch.reciprocal
 * @onnx Reciprocal
 */
export const reciprocal = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("reciprocal", x);
/**
 * The error function 2/√π ∫₀ˣ exp(−t²) dt, within 5e-7 (the rational approximation of Eigen and XLA).
 * @pytorch torch.erf
 * @onnx Erf
 */
export const erf = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("erf", x);
/**
 * 1 where x is not a number, else 0; told by the bits.
 * @pytorch torch.isnan
 * @onnx IsNaN
 */
export const isNaN = <D extends DType = "f32">(x: Operand<D>): Tensor<D> => apply("isNaN", x);
