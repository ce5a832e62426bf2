import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Resampling, type Spec } from "../graph/op.js";
import type { Tensor, TensorLike } from "../graph/tensor.js";
import { lowerUpsampledCrossEntropy, lowerUpsampledCrossEntropyGradient, type UpsampledCrossEntropyParams } from "../kernels/upsampled-cross-entropy.js";
import type { FloatDType } from "../runtime/dtype.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { cast } from "./cast.js";
import type { CrossEntropyParams } from "../kernels/cross-entropy.js";
import { checkClassWeights, crossEntropyParams, type CrossEntropyInputs as Inputs, type CrossEntropyOptions } from "./cross-entropy-options.js";
import { checkLabels } from "./last-axis.js";
import { flag, requireFloat, requireTensors } from "./require.js";

const op = "upsampledCrossEntropy";
/** Positions are whole numbers below 2³¹ up to here. */
const LARGEST = 2 ** 30;

function check({ logits, labels, weight, pixelWeight }: Inputs, { weights }: UpsampledCrossEntropyParams): void {
  requireFloat(op, "logits", logits);
  checkLabels(op, "labels", labels);
  const shown = { logits: [logits.shape, "NHWC"], labels: [labels.shape, "NHW"] } as const;
  if (logits.shape.length !== 4 || labels.shape.length !== 3 || logits.shape[0] !== labels.shape[0])
    throw new ShapeError(op, "logits must be [n, h, w, classes] and labels [n, height, width], of as many images", { logits: logits.shape, labels: labels.shape });
  const [, h = 0, w = 0, classes = 0] = logits.shape;
  const [, height = 0, width = 0] = labels.shape;
  if (h * w * classes === 0) throw new ShapeError(op, "logits must have at least one pixel and one class", shown);
  if (Math.max(h * height, w * width) >= LARGEST) throw new ShapeError(op, "the sizes of an axis before and after may multiply to less than 2^30", shown);
  checkClassWeights(op, classes, weight, weights);
  if (pixelWeight && !sameShape(pixelWeight.shape, labels.shape)) throw new ShapeError(op, "pixelWeight must have the shape of labels", { pixelWeight: pixelWeight.shape, labels: labels.shape });
}

type Grads = { out?: Tensor };
type Tensors = { logits: Tensor; labels: Tensor; weight?: Tensor | undefined; pixelWeight?: Tensor | undefined };

/** The loss of every pixel, and the logarithm of its sum of exponentials. */
const pixelsOp = defineOp({
  name: "upsampledCrossEntropyPixels",
  shape: (inputs: Inputs, o: UpsampledCrossEntropyParams): { out: Spec; lse: Spec } => {
    check(inputs, o);
    return { out: { shape: inputs.labels.shape, dtype: "f32" }, lse: { shape: inputs.labels.shape, dtype: "f32" } };
  },
  gradient: {
    logits: (grad: Grads, inputs: Tensors, o, { lse }) => grad.out && gradientOp({ ...inputs, grad: grad.out, lse }, o),
    labels: null,
    pixelWeight: null,
  },
  lower: lowerUpsampledCrossEntropy,
});

/** Their sum or mean, and the sum of the weights that counted. */
const reducedOp = defineOp({
  name: op,
  shape: (inputs: Inputs, o: UpsampledCrossEntropyParams): { out: Spec; total: Spec; lse: Spec } => {
    check(inputs, o);
    return { out: { shape: [], dtype: "f32" }, total: { shape: [], dtype: "f32" }, lse: { shape: inputs.labels.shape, dtype: "f32" } };
  },
  gradient: {
    logits: (grad: Grads, inputs: Tensors, o, { lse, total }) => grad.out && gradientOp({ ...inputs, grad: grad.out, lse, total: o.reduction === "mean" ? total : undefined }, o),
    labels: null,
    pixelWeight: null,
  },
  lower: lowerUpsampledCrossEntropy,
});

const gradientOp = defineOp({
  name: "upsampledCrossEntropyGradient",
  shape: ({ logits }: Inputs & { grad: Spec; lse: Spec; total?: Spec | undefined }): Spec => ({ shape: logits.shape, dtype: logits.dtype }),
  gradient: { labels: null },
  lower: lowerUpsampledCrossEntropyGradient,
});

/** Whether a resampling aligns corners; undefined where this op does not place pixels as it does. */
function alignment(logits: Spec, { mode, size, placement }: Resampling): boolean | undefined {
  const [, h = 0, w = 0] = logits.shape;
  if (mode !== "bilinear" || Math.max(h * size[0], w * size[1]) >= LARGEST) return undefined;
  return [false, true].find((aligned) => [h, w].every((n, i) => {
    const { step, start } = placement[i]!;
    const o = size[i]!;
    return aligned ? start === 0 && step === (o > 1 ? (n - 1) / (o - 1) : 0) : step === n / o && start === step / 2 - 0.5;
  }));
}

/** What `crossEntropy` of resampled logits becomes, as one scalar or (reduction "none") for each pixel; undefined where it cannot. */
export function crossEntropyOfResampled(inputs: Tensors, o: CrossEntropyParams, resampling: Resampling): { out: Tensor; total?: Tensor; lse: Tensor } | undefined {
  const alignCorners = alignment(inputs.logits, resampling);
  if (alignCorners === undefined) return undefined;
  return o.reduction === "none" ? pixelsOp(inputs, { ...o, alignCorners }) : reducedOp(inputs, { ...o, alignCorners });
}

/**
 * What the gradient of `crossEntropy` and the transposed resampling behind it become. It needs what the forward pass keeps, and asks
 * for that pass once more, which common subexpressions make one with the first.
 */
export function crossEntropyGradientOfResampled({ grad, total, ...inputs }: Tensors & { grad: Tensor; total?: Tensor | undefined }, o: CrossEntropyParams, resampling: Resampling): Tensor | undefined {
  const forward = crossEntropyOfResampled(inputs, o, resampling);
  return forward && gradientOp({ ...inputs, grad, lse: forward.lse, total }, { ...o, alignCorners: alignment(inputs.logits, resampling)! });
}

export interface UpsampledCrossEntropyOptions extends CrossEntropyOptions {
  /** Whether the corner pixels of logits and labels coincide, as in `resize`. Default false. */
  alignCorners?: boolean | undefined;
}

/**
 * Cross-entropy of coarse logits with labels at another (mostly higher) resolution: `crossEntropy(resize(logits, …), labels)` with bilinear
 * resampling, which never stores the logits at the size of the labels. It keeps one number per pixel of the labels for the gradient,
 * which interpolates again: 21 classes at 1024² need 4 MiB instead of 84 MiB, and as much again for the slopes. For a head of DeepLab or
 * PSPNet, whose last layer only resizes.
 *
 * @param logits f32 or f16 [n, h, w, classes]
 * @param labels u8, u32 or i32 [n, height, width]
 * @param options those of `crossEntropy`, and `alignCorners`
 * @returns f32, a scalar (shape []), or [n, height, width] for `reduction: "none"`, where ignored pixels are 0
 * @throws ShapeError, DTypeError or OptionError for arguments that do not fit
 *
 * @pytorch torch.nn.functional.cross_entropy of torch.nn.functional.interpolate(mode="bilinear")
 */
export function upsampledCrossEntropy(logits: TensorLike<FloatDType>, labels: TensorLike, options: UpsampledCrossEntropyOptions = {}): Tensor<"f32"> {
  if (!capturing()) return runEagerly(() => upsampledCrossEntropy(logits, labels, options));
  checkOptions(op, options, ["weight", "ignoreIndex", "pixelWeight", "labelSmoothing", "reduction", "emptyIsZero", "alignCorners"]);
  const { weight, pixelWeight } = options;
  requireTensors(op, { logits, labels, ...(pixelWeight && { pixelWeight }) });
  const params = { ...crossEntropyParams(op, options), alignCorners: flag(op, "alignCorners", options.alignCorners, false) };
  const inputs = { logits, labels, weight: params.weights ? undefined : (weight as TensorLike<FloatDType> | undefined), pixelWeight };
  check(inputs, params);
  const single = { ...inputs, logits: cast(logits, "f32"), weight: inputs.weight && cast(inputs.weight, "f32"), pixelWeight: pixelWeight && cast(pixelWeight, "f32") };
  return (params.reduction === "none" ? pixelsOp(single, params) : reducedOp(single, params)).out as Tensor<"f32">;
}
