import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor } from "../graph/tensor.js";
import { lowerGroupNorm, lowerGroupNormInputGradient, lowerGroupNormSums, type GroupNormParams } from "../kernels/group-norm.js";
import { OptionError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import { cast } from "./cast.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";

export type { GroupNormParams } from "../kernels/group-norm.js";

interface Sources<T> {
  x: T;
  gamma: T;
  beta: T;
}

type Norm = "groupNorm" | "layerNorm" | "instanceNorm";

const statistics = ({ images, channels, width }: GroupNormParams): Spec => ({ shape: [images, channels / width], dtype: "f32" });

function normOp(name: Norm) {
  return defineOp({
    name,
    shape: ({ x }: Sources<Spec>, o: GroupNormParams): { out: Spec; mean: Spec; variance: Spec } => ({ out: { shape: x.shape, dtype: x.dtype }, mean: statistics(o), variance: statistics(o) }),
    gradient: {
      x: (grad, { x, gamma }, o, { mean, variance }) => {
        if (!grad.out) return undefined;
        const { groups } = sumsOp({ x, gamma, mean, variance, grad: grad.out }, { ...o, affine: true });
        return inputGradientOp({ x, gamma, mean, variance, groups, grad: grad.out }, o);
      },
      gamma: (grad, inputs, o, { mean, variance }) => grad.out && parameterGradient(1, inputs.gamma, sumsOp({ x: inputs.x, gamma: inputs.gamma, mean, variance, grad: grad.out }, { ...o, affine: true }).parameters),
      beta: (grad, inputs, o, { mean, variance }) => grad.out && parameterGradient(0, inputs.beta, sumsOp({ x: inputs.x, gamma: inputs.gamma, mean, variance, grad: grad.out }, { ...o, affine: true }).parameters),
    },
    lower: lowerGroupNorm,
  });
}

const parameterGradient = (row: number, like: Tensor, sums: Tensor): Tensor => cast(reshape(slice(sums, { axis: 0, start: row, length: 1 }), like.shape), like.dtype);

/** Sums for all three gradients; asked for by each, and merged into one by common subexpressions. */
const sumsOp = defineOp({
  name: "groupNormSums",
  shape: (_: Record<"x" | "gamma" | "mean" | "variance" | "grad", Spec>, o: GroupNormParams & { affine: boolean }): { groups: Spec; parameters: Spec } => ({
    groups: { shape: [...statistics(o).shape, 2], dtype: "f32" },
    parameters: { shape: [2, o.channels], dtype: "f32" },
  }),
  lower: lowerGroupNormSums,
});

const inputGradientOp = defineOp({
  name: "groupNormInputGradient",
  shape: ({ x }: Record<"x" | "gamma" | "mean" | "variance" | "groups" | "grad", Spec>, _o: GroupNormParams): Spec => ({ shape: x.shape, dtype: x.dtype }),
  lower: lowerGroupNormInputGradient,
});

const ops: Record<Norm, ReturnType<typeof normOp>> = { groupNorm: normOp("groupNorm"), layerNorm: normOp("layerNorm"), instanceNorm: normOp("instanceNorm") };

/** Records one of the norms that share a kernel; shapes and dtypes have been checked. */
export const recordNorm = (name: Norm, inputs: Sources<Tensor>, params: GroupNormParams): Tensor => ops[name](inputs, params).out;

/** Throws unless eps can be added to a variance. */
export function checkEps(op: string, eps: number): void {
  if (!(eps >= 0 && Number.isFinite(eps))) throw new OptionError(`${op}: eps must be a number of at least 0 but is ${eps}.`);
}

/** Sizes of feature maps of any rank: [images, ..., channels]. */
export const mapSizes = (shape: Shape): { images: number; pixels: number; channels: number } => ({
  images: shape[0]!,
  pixels: shape.slice(1, -1).reduce((a, b) => a * b, 1),
  channels: shape.at(-1)!,
});
