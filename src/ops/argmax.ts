import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerArgmax, type ArgmaxParams } from "../kernels/argmax.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { reducedShape } from "./axes.js";
import { flag, normalAxis, requireTensors, requireWords } from "./require.js";
import { argmaxOfResampled } from "./upsampled-argmax.js";

export interface ArgmaxOptions {
  /** The axis that is searched; negative ones count from the back. Default -1, the classes. */
  axis?: number;
  /** Keep the axis with size 1. Default false. */
  keepDims?: boolean;
}

const argmaxOp = defineOp({
  name: "argmax",
  shape: ({ x }: { x: Spec }, { axis, keepDims, bytes }: ArgmaxParams): Spec => ({ shape: reducedShape(x.shape, [axis], keepDims), dtype: bytes ? "u8" : "u32" }),
  gradient: { x: null },
  lower: lowerArgmax,
  traits: {
    readsLargest: ({ axis, smallest }: ArgmaxParams, { x }) => !smallest && axis === x!.shape.length - 1,
    absorbResampling: {
      input: "x",
      build: ({ x }, o: ArgmaxParams, resampling) => {
        const out = argmaxOfResampled(x!, o, resampling);
        return out && { out };
      },
    },
    absorbCast: (dtype, o: ArgmaxParams, { x }) => (dtype === "u8" && !o.bytes && o.axis === x!.shape.length - 1 && x!.shape.at(-1)! <= 256 ? { ...o, bytes: true } : undefined),
  },
});

/** `argmax` and `argmin`, under the name that errors say. */
export function extreme(op: string, x: TensorLike, options: ArgmaxOptions, smallest: boolean): Tensor<"u32"> {
  checkOptions(op, options, ["axis", "keepDims"]);
  requireTensors(op, { x });
  requireWords(op, "x", x);
  const axis = normalAxis(op, x.shape, options.axis ?? -1);
  if (x.shape[axis] === 0) throw new ShapeError(op, `axis ${axis} has no elements to choose from`, { x: x.shape });
  return argmaxOp({ x }, { axis, keepDims: flag(op, "keepDims", options.keepDims, false), smallest, bytes: false }) as Tensor<"u32">;
}

/**
 * Where the largest element along an axis stands; along the last one it is the class map of NHWC logits. Of equal ones the
 * first counts; NaN counts as larger than everything, as in PyTorch. No gradient.
 *
 * @param x f32, f16, i32 or u32 [..., classes]
 * @returns u32, the shape of x without the axis: positions along it
 * @throws ShapeError for an axis that is empty or does not exist, DTypeError for u8 (cast first)
 *
 * @pytorch torch.argmax
 * @onnx ArgMax
 */
export function argmax(x: TensorLike, options: ArgmaxOptions = {}): Tensor<"u32"> {
  return extreme("argmax", x, options, false);
}
