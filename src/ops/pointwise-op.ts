import { defineOp, type Spec } from "../graph/op.js";
import { Tensor, type TensorLike } from "../graph/tensor.js";
import { Variable } from "../graph/variable.js";
import { lowerPointwise, type Instruction } from "../kernels/pointwise.js";
import type { DType, FloatDType } from "../runtime/dtype.js";
import { CaptureError, DTypeError, GradientError, OptionError } from "../runtime/errors.js";
import { broadcastShape, type Shape } from "../runtime/shape.js";
import { gradientRules } from "./pointwise-gradients.js";
import { described, requireFloatResult } from "./require.js";
import { sumTo } from "./sum.js";

/** A tensor, a parameter, or a number that stretches to any shape. */
export type Operand<D extends DType = DType> = TensorLike<D> | number;

/** One pointwise operation, or (after fusion) a chain of them. */
export interface PointwiseOptions {
  program: Instruction[];
  constants: number[];
}

/** Operations that integers have too; the others give fractions, or ask for what only floats have. */
const forIntegers = new Set(["add", "sub", "mul", "div", "maximum", "minimum", "greater", "greaterEqual", "less", "lessEqual", "equal", "notEqual", "where", "neg", "abs", "sign", "square", "clamp", "relu", "relu6", "isNaN"]);
/** Operations whose results can be negative although their operands are not. */
const signedOnly = new Set(["neg", "sign"]);
const integerRange = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

function checkOperands(name: string, specs: readonly Spec[], constants: readonly number[]): void {
  const dtype = specs[0]!.dtype;
  for (const spec of specs)
    if (spec.dtype !== dtype || !["f32", "f16", "i32", "u32"].includes(dtype)) throw new DTypeError(`${name}: the operands must all be f32 (or all f16, all i32, all u32) but are ${specs.map((s) => s.dtype).join(" and ")}. Convert with cast(x, "f32").`);
  if (dtype !== "i32" && dtype !== "u32") return;
  if (!forIntegers.has(name)) throw new DTypeError(`${name}: x must be f32 but is ${dtype}. Convert with cast(x, "f32").`);
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

const rules = gradientRules((name, ...operands) => apply(name, ...operands));

/** Records (or runs) one operation of the table in kernels/pointwise-table.ts. */
export function apply<D extends DType>(name: string, ...operands: Operand<D>[]): Tensor<D> {
  const inputs: Record<string, TensorLike> = {};
  const program: Instruction[] = [];
  const constants: number[] = [];
  const count = operands.filter((o) => typeof o !== "number").length;
  if (count === 0) throw new OptionError(`${name}: at least one operand must be a tensor.`);
  let next = 0;
  const args = operands.map((operand) => {
    if (typeof operand !== "number") {
      if (!(operand instanceof Tensor || operand instanceof Variable)) throw new CaptureError(`${name}: expected a tensor or a number but got ${described(operand)}. Make a tensor with tensor(device, data, shape).`);
      inputs[`x${next}`] = operand;
      return next++;
    }
    program.push(["const", constants.push(operand) - 1]);
    return count + program.length - 1;
  });
  program.push([name, ...args]);
  return pointwiseOp(inputs, { program, constants }) as Tensor<D>;
}

const fillOp = defineOp({
  name: "full",
  shape: (_: object, { shape, dtype }: PointwiseOptions & { shape: number[]; dtype: FloatDType }): Spec => {
    requireFloatResult("full", dtype);
    return { shape, dtype };
  },
  gradient: {},
  lower: lowerPointwise as never,
  traits: { pointwise: true },
});

/**
 * A tensor of one value, inside a function being captured.
 * @pytorch torch.full
 * @onnx ConstantOfShape
 */
export const full = <D extends FloatDType = "f32">(shape: Shape, value: number, dtype = "f32" as D): Tensor<D> => fillOp({}, { program: [["const", 0]], constants: [value], shape: [...shape], dtype }) as Tensor as Tensor<D>;
