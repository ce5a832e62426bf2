import { mix32, hash32 } from "../../src/data/random.js";
import { readSafetensors } from "../../src/io/safetensors.js";
import { sizeOf } from "../reference/ndarray.js";
import { platform } from "./tier.js";

/** How scripts/reference/configurations.py made an input: enough to make it again, bit for bit. */
export interface MadeSpec {
  shape: number[];
  kind: "normal" | "uniform" | "distinct" | "whole" | "values";
  counter?: number;
  dtype?: "f32" | "u32" | "i32" | "u8";
  mean?: number;
  std?: number;
  low?: number;
  high?: number;
  classes?: number;
  ignore?: number;
  fraction?: number;
  at?: number;
}

/** What PyTorch computed: all elements, or samples of a big tensor with numbers about the whole. */
export interface ResultSpec {
  shape: number[];
  dtype: "f32" | "u32" | "i32";
  at: number;
  counter?: number;
  norm?: number;
  largest?: number;
  sums?: number[];
}

export interface PyTorchConfiguration {
  op: string;
  name: string;
  options: Record<string, unknown>;
  inputs: Record<string, MadeSpec>;
  outputs: Record<string, ResultSpec>;
  cotangents?: Record<string, MadeSpec>;
  grads?: Record<string, ResultSpec>;
}

export type Elements = Float32Array | Uint32Array | Int32Array | Uint8Array;

/** One file of test/fixtures/pytorch. */
export interface PyTorchFamily {
  seed: number;
  /** Of torch, python and numpy. */
  versions: { torch: string; python: string; numpy: string };
  cases: PyTorchConfiguration[];
  /** The elements of an input or a cotangent. */
  make(spec: MadeSpec): Elements;
  /** The stored elements of a result: all of them, or the samples. */
  stored(spec: ResultSpec): ArrayLike<number>;
  /** Flat positions of the samples of a big result. */
  positions(spec: ResultSpec): number[];
  /** The eight sums with random signs, of what was computed here. */
  signSums(spec: ResultSpec, data: ArrayLike<number>): number[];
}

const SAMPLED_ABOVE = 2000;
const EDGE = 16;
const INNER = 256;
const SIGNS = 8;
const GOLDEN = 0x9e3779b9;

/** The bytes of test/fixtures/<path>, in Node and in browsers. */
export async function loadFixture(path: string): Promise<Uint8Array> {
  const url = new URL(/* @vite-ignore */ `../fixtures/${path}`, import.meta.url);
  if (platform() === "node") {
    const node = "node:fs/promises";
    const { readFile } = (await import(/* @vite-ignore */ node)) as { readFile(url: URL): Promise<Uint8Array> };
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} could not be loaded (${response.status}). python scripts/reference/all.py writes it.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Reads test/fixtures/pytorch/<name>.safetensors, in Node and in browsers. */
export async function readFamily(name: string): Promise<PyTorchFamily> {
  const { tensors, metadata } = readSafetensors(await loadFixture(`pytorch/${name}.safetensors`), `${name}.safetensors`);
  const { seed, versions, cases } = JSON.parse(metadata["configurations"]!) as Pick<PyTorchFamily, "seed" | "versions" | "cases">;
  const pool = (dtype: string, at: number, count: number): Elements => {
    const { data } = tensors.get(dtype) ?? { data: new Float32Array() };
    if (at + count > data.length) throw new Error(`${name}.safetensors: ${dtype} ends before ${at + count}.`);
    return (data as Elements).subarray(at, at + count);
  };
  return {
    seed, versions, cases,
    make(spec) {
      if (spec.kind !== "values") return draw(spec, seed);
      const elements = pool(spec.dtype === "u8" ? "u32" : spec.dtype!, spec.at!, sizeOf(spec.shape));
      return spec.dtype === "u8" ? Uint8Array.from(elements) : elements;
    },
    stored: ({ dtype, at, counter, shape }) => pool(dtype, at, counter === undefined ? sizeOf(shape) : 2 * EDGE + INNER),
    positions({ counter, shape }) {
      const size = sizeOf(shape);
      if (counter === undefined || size <= SAMPLED_ABOVE) return Array.from({ length: size }, (_, i) => i);
      const word = words(seed, counter, 0);
      return Array.from({ length: 2 * EDGE + INNER }, (_, i) => (i < EDGE ? i : i < 2 * EDGE ? size - 2 * EDGE + i : Math.floor((word(i - 2 * EDGE) * size) / 2 ** 32)));
    },
    signSums({ counter }, data) {
      return signSums(data, seed, counter!, 1);
    },
  };
}

/** The i-th of the uniform 32-bit numbers that belong to the counters. */
export function words(...counters: number[]): (i: number) => number {
  const key = hash32(...counters);
  return (i) => mix32(key + Math.imul(i + 1, GOLDEN));
}

/** Eight sums of all elements with random signs: their mean square is the square of the norm, also for differences. */
export function signSums(data: ArrayLike<number>, ...counters: number[]): number[] {
  const word = words(...counters);
  const sums = new Float64Array(SIGNS);
  for (let i = 0; i < data.length; i++) {
    const [w, value] = [word(i), data[i]!];
    for (let k = 0; k < SIGNS; k++) sums[k]! += (1 - 2 * ((w >>> k) & 1)) * value;
  }
  return Array.from(sums);
}

/** configurations.py, line by line: the same f64 operations in the same order, then rounded to f32. */
function draw({ shape, kind, counter, low, high, mean, std, classes, ignore, fraction, dtype }: MadeSpec, seed: number): Elements {
  const n = sizeOf(shape);
  const [a, b] = [words(seed, counter!, 0), words(seed, counter!, 1)];
  if (kind === "whole") {
    const out = new { u32: Uint32Array, i32: Int32Array, u8: Uint8Array, f32: Float32Array }[dtype!](n);
    for (let i = 0; i < n; i++) out[i] = ignore !== undefined && b(i) < fraction! * 2 ** 32 ? ignore : Math.floor((a(i) * classes!) / 2 ** 32);
    return out;
  }
  const out = new Float32Array(n);
  if (kind === "uniform") for (let i = 0; i < n; i++) out[i] = low! + (high! - low!) * (a(i) / 2 ** 32);
  else if (kind === "normal")
    for (let i = 0; i < n; i++) {
      const [x, y] = [a(i), b(i)];
      const total = (x & 0xffff) + (x >>> 16) + (y & 0xffff) + (y >>> 16) - 131070;
      out[i] = mean! + std! * (total * (1.7320508075688772 / 65536));
    }
  else {
    // Sorted by (word, index): 32 + 21 bits fit a double.
    const keys = new Float64Array(n);
    for (let i = 0; i < n; i++) keys[i] = a(i) * 2 ** 21 + i;
    keys.sort().forEach((k, rank) => (out[k % 2 ** 21] = low! + ((rank + 0.75) * (high! - low!)) / n));
  }
  return out;
}
