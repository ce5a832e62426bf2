// One small call of every operator, for the table of dtypes. `t` makes a tensor of the dtype that is tried, `u` one of whole numbers.
import type { Tensor } from "../../src/graph/tensor.js";
import * as a from "../../src/index.js";

type Make = (shape: number[]) => Tensor<"f32">;
type Whole = (shape: number[], dtype?: "u8" | "u32" | "i32") => Tensor<"u32">;

const map = [1, 8, 8, 4];
const unary = (op: (x: Tensor<"f32">) => unknown) => (t: Make): unknown => op(t([2, 3]));
const binary = (op: (x: Tensor<"f32">, y: Tensor<"f32">) => unknown) => (t: Make): unknown => op(t([2, 3]), t([2, 3]));

export const probes: Record<string, (t: Make, u: Whole) => unknown> = {
  abs: unary(a.abs), clamp: unary((x) => a.clamp(x, -1, 1)), exp: unary(a.exp), isNaN: unary(a.isNaN), log: unary(a.log), neg: unary(a.neg), reciprocal: unary(a.reciprocal),
  relu: unary(a.relu), relu6: unary(a.relu6), rsqrt: unary(a.rsqrt), sigmoid: unary(a.sigmoid), sign: unary(a.sign), softplus: unary(a.softplus), sqrt: unary(a.sqrt),
  square: unary(a.square), tanh: unary(a.tanh),
  add: binary(a.add), div: binary(a.div), equal: binary(a.equal), greater: binary(a.greater), less: binary(a.less), maximum: binary(a.maximum), minimum: binary(a.minimum),
  mul: binary(a.mul), pow: binary(a.pow), sub: binary(a.sub),
  where: (t) => a.where(t([2, 3]), t([2, 3]), t([2, 3])),
  full: () => a.full([2, 3], 1),

  conv2d: (t) => a.conv2d(t(map), t([4, 3, 3, 4])),
  convTranspose2d: (t) => a.convTranspose2d(t(map), t([4, 3, 3, 4])),
  matmul: (t) => a.matmul(t([2, 3]), t([3, 4])),
};
