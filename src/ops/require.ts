import type { Spec } from "../graph/op.js";
import { Tensor } from "../graph/tensor.js";
import { Variable } from "../graph/variable.js";
import type { DType } from "../runtime/dtype.js";
import { CaptureError, DTypeError, OptionError, ShapeError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";

const listed = (names: readonly string[]): string => (names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} or ${names.at(-1)!}`);

/** What stands where a tensor should, in words. */
export const described = (argument: unknown): string =>
  argument === null || argument === undefined ? String(argument) : Array.isArray(argument) ? "an array" : typeof argument === "object" ? "another object" : `a ${typeof argument}`;

/** Throws unless every argument is a tensor or a parameter. For operators that look at shapes before they are recorded. */
export function requireTensors(op: string, args: Readonly<Record<string, unknown>>): void {
  for (const [name, argument] of Object.entries(args)) {
    if (argument instanceof Tensor || argument instanceof Variable) continue;
    throw new CaptureError(`${op}: ${name} must be a tensor but is ${described(argument)}. Make one with tensor(device, data, shape).`);
  }
}

/** Throws unless the tensor has one of these dtypes, and names the last as the one to cast to. */
export function requireDType(op: string, name: string, { dtype }: Pick<Spec, "dtype">, ...allowed: readonly DType[]): void {
  if (!allowed.includes(dtype)) throw new DTypeError(`${op}: ${name} must be ${listed(allowed)} but is ${dtype}. Convert with cast(${name}, "${allowed.at(-1)!}").`);
}

/** Throws unless the tensor holds floats: f32, or f16 where the adapter has it (kernels compute in f32 whichever is stored). */
export function requireFloat(op: string, name: string, spec: Pick<Spec, "dtype">): void {
  requireDType(op, name, spec, "f16", "f32");
}

/** Throws unless what is to be made is to hold floats. */
export function requireFloatResult(op: string, dtype: DType): void {
  if (dtype !== "f32" && dtype !== "f16") throw new DTypeError(`${op}: dtype must be f32 or f16 but is ${dtype}. Convert the result with cast(x, "${dtype}").`);
}

/** Throws unless the tensors that are given hold floats, all of the first one's dtype. */
export function requireFloats(op: string, specs: Readonly<Record<string, Pick<Spec, "dtype"> | undefined>>): void {
  const given = Object.entries(specs).filter((entry): entry is [string, Spec] => entry[1] !== undefined);
  for (const [name, spec] of given) requireFloat(op, name, spec);
  const [first, x] = given[0]!;
  for (const [name, spec] of given)
    if (spec.dtype !== x.dtype) throw new DTypeError(`${op}: ${name} must be ${x.dtype} as ${first} is, but is ${spec.dtype}. Convert with cast(${name}, "${x.dtype}").`);
}

/** Throws unless x holds floats and what is learned beside it holds those of x, or f32: parameters of a norm need not be halved with the maps. */
export function requireNormFloats(op: string, x: Pick<Spec, "dtype">, parameters: Readonly<Record<string, Pick<Spec, "dtype"> | undefined>>): void {
  requireFloat(op, "x", x);
  for (const [name, spec] of Object.entries(parameters)) if (spec) requireDType(op, name, spec, ...(x.dtype === "f16" ? (["f16", "f32"] as const) : (["f32"] as const)));
}

/** Throws unless the tensor's elements are 32-bit words (or f16), which copying kernels move without looking at them. */
export function requireWords(op: string, name: string, spec: Pick<Spec, "dtype">): void {
  requireDType(op, name, spec, "f32", "f16", "i32", "u32");
}

/** The axis counted from the front; negative ones count from the back. */
export function normalAxis(op: string, shape: Shape, axis: number): number {
  const rank = shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw new ShapeError(op, `x has no axis ${axis}: axes go from ${-rank} to ${rank - 1}`, { x: shape });
  return axis < 0 ? axis + rank : axis;
}

/** Throws unless `value` is a whole number of at least `least`. */
export function requireWhole(op: string, name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw new OptionError(`${op}: ${name} must be a whole number of at least ${least} but is ${value}.`);
}

/** The value of a switch, checked to be one. */
export function flag(op: string, name: string, value: boolean | undefined, otherwise: boolean): boolean {
  if (value !== undefined && typeof value !== "boolean") throw new OptionError(`${op}: ${name} must be true or false but is ${JSON.stringify(value)}.`);
  return value ?? otherwise;
}
