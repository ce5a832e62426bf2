import type { Shape } from "../src/runtime/shape.js";

/** An array with its shape, in the layouts of the house: feature maps NHWC, convolution weights OHWI, transposed ones [in, kh, kw, out]. */
export interface Plain {
  readonly shape: Shape;
  readonly data: Float32Array | Uint32Array;
}

export type Inputs = Readonly<Record<string, Plain>>;

/** A square convolution of x [1, h, w, in] by weight [out, k, k, in / groups]; its gradients take `grad`, of the shape of its result. */
export interface Conv2dSpec {
  readonly kind: "conv2d";
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
  readonly direction: "forward" | "input gradient" | "weight gradient";
}

/** The U-Net of bench/unet-cases.ts: `image`, `labels` and `w0`, `w1`, … in the order of its state dict. */
export interface UNetSpec {
  readonly kind: "unet";
  readonly levels: number;
  /** What comes out: the logits; or, a run being one step of Adam on the mean cross-entropy, the losses of the first `STEPS` of them. */
  readonly what: "logits" | "step";
  readonly learningRate: number;
}

/** Training steps whose losses are compared. */
export const STEPS = 3;

/**
 * What a case computes, as data, so that another library can compute the same. Shapes are those of the inputs. What it gives
 * are one or more arrays: the maps of a pyramid; a loss and its gradient.
 */
export type Spec =
  | Conv2dSpec
  | UNetSpec
  /** a [m, k] · b [k, n] */
  | { readonly kind: "matmul" }
  /** x [1, h, w, in] by weight [in, k, k, out], without padding. */
  | { readonly kind: "convTranspose2d"; readonly stride: number }
  /** Windows side by side. */
  | { readonly kind: "maxPool2d" | "avgPool2d"; readonly kernel: number }
  /** Max-pooling with indices and back to the places where the maxima stood, as SegNet does. */
  | { readonly kind: "maxUnpool2d"; readonly kernel: number }
  /** Means over bins × bins parts of x, one map after the other; the side divides by every entry of `bins`. */
  | { readonly kind: "pyramidPool2d"; readonly bins: readonly number[] }
  /** x, gamma, beta → normalised by the statistics of the batch; or, with grad, the gradients of x, gamma and beta. */
  | { readonly kind: "batchNorm2d"; readonly direction: "forward" | "gradients" }
  /** Bilinear, pixel centres at half; or, with grad, the gradient of x. */
  | { readonly kind: "resize"; readonly scale: number; readonly direction: "forward" | "gradient" }
  /** Over the last axis. */
  | { readonly kind: "softmax" }
  /** logits, labels → the mean over pixels and its gradient. */
  | { readonly kind: "crossEntropy" }
  /** a, b along the channels. */
  | { readonly kind: "concat" }
  /** relu(a + b) */
  | { readonly kind: "addRelu" }
  /** parameters p0, p1, … and gradients g0, g1, … → the parameters after the first step of Adam. */
  | { readonly kind: "adam"; readonly learningRate: number };
