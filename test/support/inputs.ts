import type { DType } from "../../src/runtime/dtype.js";
import { float32ToHalf, fromHalf, toHalf } from "../../src/runtime/half.js";
import { array, sizeOf, type NdArray } from "../reference/ndarray.js";
import type { Random } from "./random.js";

/** How a test case describes one input. A plain shape means normally distributed f32. */
export type InputSpec = readonly number[] | NdArray | InputRule;

export interface InputRule {
  shape: readonly number[];
  /** Default f32, or u32 when `classes` is given. */
  dtype?: Exclude<DType, "f16">;
  /** false: stays f32 where the case runs in f16 (statistics, class weights). */
  half?: boolean;
  /** Whole numbers 0 … classes - 1. */
  classes?: number;
  /** About one element in five is this value instead (an ignored label, say). */
  ignore?: number;
  /** Values at least `2 / elements` apart and away from zero, so that max, ReLU and ties are smooth around them. */
  distinct?: boolean;
  /** Uniform in low … high instead of normal. */
  low?: number;
  high?: number;
  /** The elements themselves. */
  values?: ArrayLike<number>;
  /** false: no gradient is asked for this input. */
  gradient?: boolean;
}

export interface TestInput {
  dtype: DType;
  /** Whether it is f16 where the case runs in f16. */
  half: boolean;
  value: NdArray;
  /** Whether a gradient is asked for. */
  gradient: boolean;
}

/** The input as the device will hold it: values are rounded to the dtype, so reference and device start from the same numbers. */
export function makeInput(spec: InputSpec, rng: Random, integer = false): TestInput {
  const rule = toRule(spec, integer);
  const dtype = rule.dtype ?? (rule.classes === undefined ? "f32" : "u32");
  const value = array(rule.shape, rule.values ?? draw(rule, dtype, rng));
  if (dtype === "f32") value.data = value.data.map(Math.fround);
  return { dtype, value, half: dtype === "f32" && rule.half !== false, gradient: dtype === "f32" && rule.gradient !== false && value.data.every(Number.isFinite) };
}

/** The inputs of a run in f16: floats are rounded first, so that the reference computes with what the device holds. */
export function halfInputs(inputs: Readonly<Record<string, TestInput>>): Record<string, TestInput> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => {
    if (!input.half) return [name, { ...input, value: { ...input.value, data: input.value.data.slice() } }];
    return [name, { ...input, dtype: "f16", value: { shape: input.value.shape, data: input.value.data.map((v) => fromHalf(toHalf(v))) } }];
  }));
}

function toRule(spec: InputSpec, integer: boolean): InputRule {
  if ("data" in spec) return { shape: spec.shape, values: spec.data };
  if ("shape" in spec) return spec;
  return integer ? { shape: spec, classes: 4 } : { shape: spec };
}

function draw(rule: InputRule, dtype: DType, rng: Random): Float64Array {
  const data = new Float64Array(sizeOf(rule.shape));
  const order = rule.distinct ? rng.permutation(data.length) : [];
  const { low = -1, high = 1 } = rule;
  for (let i = 0; i < data.length; i++) {
    if (rule.classes !== undefined) data[i] = rng.integer(rule.classes);
    else if (dtype !== "f32") data[i] = Math.floor(rng.uniform(rule.low ?? 0, rule.high ?? 256));
    else if (rule.distinct) data[i] = low + ((order[i]! + 0.75) * (high - low)) / data.length;
    else data[i] = rule.low === undefined && rule.high === undefined ? rng.normal() : rng.uniform(low, high);
    if (rule.ignore !== undefined && rng.uniform() < 0.2) data[i] = rule.ignore;
  }
  return data;
}

/** The typed array that holds these values on the device. */
export function toTyped(value: NdArray, dtype: TestInput["dtype"]): Float32Array | Uint16Array | Int32Array | Uint32Array | Uint8Array {
  if (dtype === "f16") return float32ToHalf(value.data);
  return { f32: Float32Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array }[dtype].from(value.data);
}
