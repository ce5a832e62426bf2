import type { DType } from "../runtime/dtype.js";
import type { Lowering, Operand } from "../kernels/lowering.js";
import { CaptureError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import { capturing } from "./current.js";
import type { Capture } from "./capture.js";
import { runEagerly } from "./eager.js";
import type { Value } from "./node.js";
import { asTensor, type Tensor, type TensorLike } from "./tensor.js";
import type { Variable } from "./variable.js";

/** Shape and dtype of a tensor. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}
export type { TensorSpec as Spec };

type Specs = Record<string, TensorSpec | undefined>;
type Result = TensorSpec | Record<string, TensorSpec>;
type Given<I, T> = { [K in keyof I]: undefined extends I[K] ? T | undefined : T };
type Results<S, T> = S extends TensorSpec ? T : { [K in keyof S]: T };
type Grads<S> = S extends TensorSpec ? Tensor : { [K in keyof S]?: Tensor };
type Named<S, T> = S extends TensorSpec ? { out: T } : { [K in keyof S]: T };

/** What passes may know of an op. */
export interface Traits {
  /** Elementwise: the options hold a `program` (see ops/pointwise.ts). */
  readonly pointwise?: boolean;
  /** The output is the input's memory under another shape. */
  readonly alias?: boolean;
  /** Joins its inputs x0, x1, … along `options.axis`; producers may write their part in place. */
  readonly concat?: boolean;
  /** The kernels can write into a slice of the channels of a wider tensor. */
  readonly sliceOutput?: boolean;
  /** What the kernels can do to a result before they store it: add a bias and a residual, apply an activation (option `activation`). */
  readonly epilogue?: { readonly bias?: string; readonly residual?: string; readonly activations: readonly string[] };
  /**
   * A gradient of a normalisation, of the output `out` that its inputs x, gamma, beta, mean and variance give: it can pass its input `grad`
   * through the gradient of one of these activations at `out` by itself (option `activation`).
   */
  readonly flattensGradient?: readonly string[];
  /** A per-channel scale and shift of `x` (batch norm with fixed statistics), as tensors. */
  readonly affine?: (inputs: Record<string, Tensor>, options: never) => { scale: Tensor; shift: Tensor };
  /** Takes a per-channel scale and shift of its output into its own weight and bias. */
  readonly absorbAffine?: (inputs: Record<string, Tensor | undefined>, affine: { scale: Tensor; shift: Tensor }, options: never) => Record<string, Tensor | undefined>;
  /** Weighs neighbouring pixels of its only input into a feature map of another size, or ("transposed") is the gradient of that. */
  readonly resamples?: "forward" | "transposed";
  /** Can resample one of its inputs itself. */
  readonly absorbResampling?: ResamplingAbsorber;
  /** Elements along the last axis of its only input keep their order (of those that it tells apart). */
  readonly keepsOrder?: boolean;
  /** Of the elements along the last axis of its only input, all that counts is which is largest. */
  readonly readsLargest?: (options: never, inputs: Record<string, TensorSpec>) => boolean;
  /** Another op that computes the same outputs, and more, from the same inputs and options. */
  readonly within?: string;
  /**
   * A pooling of x with `indices` among its outputs: its outputs with `indices` as bytes, the place of each value in its window; undefined
   * where no kernel does that.
   */
  readonly narrowIndices?: (inputs: Record<string, Tensor>, options: never) => Record<string, Tensor> | undefined;
  /** Its outputs from such bytes as its input `indices`, of a pooling with the options `pooling` (and `size`: height and width of x); undefined where no kernel does that. */
  readonly readsNarrow?: (inputs: Record<string, Tensor>, options: never, pooling: never) => Record<string, Tensor> | undefined;
  /** The options with which it writes its result in another element type, as a cast behind it would; undefined where it cannot. */
  readonly absorbCast?: (dtype: DType, options: never, inputs: Record<string, TensorSpec>) => object | undefined;
  /** Costs little more than reading its inputs and writing its outputs: a plan may compute it again where keeping what it gave would cost memory. */
  readonly cheap?: boolean;
  /** How its output `out` is computed again, bit for bit, with the help of its other outputs, which are small: normalisation with statistics that are known. */
  readonly again?: (inputs: Record<string, Tensor>, outputs: Record<string, Tensor>, options: never) => Tensor;
  /** Has an effect beyond its outputs; never removed or merged. */
  readonly effect?: boolean;
}

/** How an op takes in the resampling (an op that `resamples`) of one of its inputs. */
export interface ResamplingAbsorber {
  /** The input that may be resampled. */
  readonly input: string;
  /** The op is a gradient, of the shape of that input: what follows is the transposed resampling, which it takes in as well. */
  readonly transposed?: boolean;
  /** Its outputs by name, computed from `inputs` of which `input` is not resampled yet; undefined where no kernel does that. */
  readonly build: (inputs: Record<string, Tensor | undefined>, options: never, resampling: Resampling) => Record<string, Tensor> | undefined;
}

/** The options of an op that `resamples`, as far as others may know them. */
export interface Resampling {
  readonly mode: string;
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  /** Pixel d of the result is at `d · step + start` among the pixels it is made from: rows, columns. */
  readonly placement: readonly [{ readonly step: number; readonly start: number }, { readonly step: number; readonly start: number }];
}

export interface OpDefinition<I extends object, O extends object, S extends Result> {
  readonly name: string;
  /** Output specs from input specs; throws when they do not fit. */
  readonly shape: (inputs: I, options: O) => S;
  /**
   * One function per differentiable input, in terms of ops. `null` stops gradients silently (labels, indices); a missing
   * one is refused by name. Ops with numbered inputs (x0, x1, …) give one for all, under "x", which is told the name.
   */
  readonly gradient?: { readonly [K in keyof I | "x"]?: ((grad: Grads<S>, inputs: Given<I, Tensor>, options: O, outputs: Results<S, Tensor>, input: string) => Tensor | undefined) | null };
  readonly lower: (low: Lowering, inputs: Given<I, Operand>, outputs: Named<S, Operand>, options: O) => void;
  readonly traits?: Traits;
}

/** An op as the graph sees it, its types forgotten. */
export interface AnyOp {
  readonly name: string;
  readonly shape: (inputs: Specs, options: object) => Result;
  readonly gradient: Record<string, ((grad: unknown, inputs: Record<string, Tensor | undefined>, options: object, outputs: unknown, input: string) => Tensor | undefined) | null>;
  readonly lower: (low: Lowering, inputs: Record<string, Operand | undefined>, outputs: Record<string, Operand>, options: object) => void;
  readonly traits: Traits;
}

export interface Op<I extends object, O extends object, S extends Result> {
  (inputs: Given<I, TensorLike>, options: O): Results<S, Tensor>;
  /** Computes the named outputs in the memory of variables, as their new values. */
  update(inputs: Given<I, TensorLike>, options: O, homes: Record<string, Variable>): void;
  readonly definition: AnyOp;
}

const isSpec = (result: Result): result is TensorSpec => Array.isArray((result as TensorSpec).shape) && typeof (result as TensorSpec).dtype === "string";

/** The specs of an op's outputs by name; a single output is called `out`. */
export const outputSpecs = (result: Result): Record<string, TensorSpec> => (isSpec(result) ? { out: result } : result);

/**
 * An operator from its shape rule, gradient and lowering. The function that comes back records a node when a
 * function is being captured, and otherwise runs at once as a plan of one op.
 */
export function defineOp<I extends object, O extends object, const S extends Result>(definition: OpDefinition<I, O, S>): Op<I, O, S> {
  const op = { gradient: {}, traits: {}, ...definition } as unknown as AnyOp;
  const call = (inputs: object, options: object, homes?: Record<string, Variable>): unknown => {
    const capture = capturing();
    return capture ? record(capture, op, inputs as Record<string, TensorLike | undefined>, options, homes) : runEagerly(() => call(inputs, options, homes));
  };
  const callable = (inputs: object, options: object): unknown => call(inputs, options);
  return Object.assign(callable, {
    definition: op,
    update: (inputs: object, options: object, homes: Record<string, Variable>) => void call(inputs, options, homes),
  }) as unknown as Op<I, O, S>;
}

function record(capture: Capture, op: AnyOp, args: Record<string, TensorLike | undefined>, options: object, homes?: Record<string, Variable>): unknown {
  const inputs: Record<string, Value | undefined> = {};
  for (const [name, argument] of Object.entries(args)) if (argument !== undefined) inputs[name] = capture.read(argument, op.name);
  const absent = Object.keys(args).filter((name) => args[name] === undefined);
  let result: Result;
  try {
    result = op.shape(inputs as Specs, options);
  } catch (error) {
    // Shape rules may trust that inputs which are not optional are there.
    if (error instanceof TypeError && absent.length > 0) throw new CaptureError(`${op.name}: expected a tensor but got undefined (${absent.join(" or ")}).`, { cause: error });
    throw error;
  }
  // Where the device is not known yet, the plan looks again.
  if (Object.values(outputSpecs(result)).some(({ dtype }) => dtype === "f16")) capture.device?.requireHalf(op.name);
  const node = capture.record(op, inputs, options, outputSpecs(result), isSpec(result), homes);
  return isSpec(result) ? asTensor(node.outputs["out"]!) : Object.fromEntries(Object.entries(node.outputs).map(([name, value]) => [name, asTensor(value)]));
}
