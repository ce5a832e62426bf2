import { CheckpointError } from "../runtime/errors.js";
import { fromHalf } from "../runtime/half.js";
import { parseHeader, safetensorBits, tensorBytes } from "./safetensors-header.js";
import type { SafetensorDType } from "./safetensors-header.js";

export type { SafetensorDType } from "./safetensors-header.js";

/** Where each dtype's elements are kept. F16 and BF16 are raw 16-bit patterns, F8 and BOOL raw bytes. */
const arrays = {
  BOOL: Uint8Array, U8: Uint8Array, I8: Int8Array, F8_E5M2: Uint8Array, F8_E4M3: Uint8Array,
  I16: Int16Array, U16: Uint16Array, F16: Uint16Array, BF16: Uint16Array,
  I32: Int32Array, U32: Uint32Array, F32: Float32Array, F64: Float64Array, I64: BigInt64Array, U64: BigUint64Array,
} as const;

export type SafetensorData = InstanceType<(typeof arrays)[SafetensorDType]>;

/** One tensor of a file: row-major elements in the typed array of its dtype. */
export interface SafeTensor {
  dtype: SafetensorDType;
  shape: readonly number[];
  data: SafetensorData;
}

export interface Safetensors {
  /** By name, in the order of the file's header. */
  tensors: Map<string, SafeTensor>;
  /** Text by key; an object without a prototype. */
  metadata: Record<string, string>;
}

export interface ReadSafetensorsOptions {
  /** Longest header in bytes that is read. Default 25 MiB. */
  maxHeaderBytes?: number | undefined;
  /** Most tensors. Default 100,000. */
  maxTensors?: number | undefined;
}

const headerLengthBytes = 8;

/**
 * Reads a safetensors file: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes.
 * Data is not copied where it is aligned, so the tensors share the memory of `bytes`.
 *
 * @throws CheckpointError naming the file, for whatever the reference implementation refuses: a wrong header length, a header
 * that is no UTF-8 or JSON, repeated names, unknown dtypes, sizes that do not follow from shapes, holes, overlaps, cut off files.
 */
export function readSafetensors(
  bytes: Uint8Array, name = "the weights file", { maxHeaderBytes = 25 * 2 ** 20, maxTensors = 100_000 }: ReadSafetensorsOptions = {},
): Safetensors {
  const damaged = (what: string): CheckpointError => new CheckpointError(`${name} cannot be read as safetensors: ${what}.`);
  if (bytes.length < headerLengthBytes) throw damaged(bytes.length === 0 ? "it is empty" : `it is cut off after ${bytes.length} bytes`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset, headerLengthBytes).getBigUint64(0, true);
  if (declared > BigInt(maxHeaderBytes)) throw damaged(`its header would be ${declared} bytes long, more than the limit of ${maxHeaderBytes}, so it is probably another kind of file`);
  const start = headerLengthBytes + Number(declared);
  if (start > bytes.length) throw damaged(`it is cut off inside its header (${bytes.length} bytes of at least ${start})`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(headerLengthBytes, start));
  } catch {
    throw damaged("its header is not UTF-8 text");
  }
  const { entries, metadata } = parseHeader(text, bytes.length - start, maxTensors, damaged);
  const tensors = new Map<string, SafeTensor>();
  for (const { name: key, dtype, shape, begin, end } of entries) {
    const at = bytes.byteOffset + start + begin;
    const aligned = at % arrays[dtype].BYTES_PER_ELEMENT === 0;
    const buffer = aligned ? bytes.buffer : bytes.slice(start + begin, start + end).buffer;
    tensors.set(key, { dtype, shape, data: new arrays[dtype](buffer as ArrayBuffer, aligned ? at : 0, (end - begin) / arrays[dtype].BYTES_PER_ELEMENT) });
  }
  return { tensors, metadata };
}

/** Compares two strings by their Unicode code points, as UTF-8 bytes sort. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  return x.length - y.length;
}

/**
 * Writes a safetensors file as the reference writer does: tensors sorted by descending alignment of their dtype, then by name;
 * the header padded with spaces so that the data begins at a multiple of 8 bytes. The same input gives the same bytes.
 *
 * @throws CheckpointError for data whose length does not follow from shape and dtype, and for the name `__metadata__`.
 */
export function writeSafetensors(tensors: ReadonlyMap<string, SafeTensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const order = Object.keys(safetensorBits);
  const sorted = [...tensors].sort(([a, x], [b, y]) => order.indexOf(y.dtype) - order.indexOf(x.dtype) || byCodePoint(a, b));
  // The JSON is joined by hand: a tensor may bear any name, `__proto__` included.
  const items = Object.keys(metadata).length === 0 ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  let size = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === "__metadata__") throw new CheckpointError('writeSafetensors: no tensor can be named "__metadata__".');
    if (!Object.hasOwn(arrays, dtype)) throw new CheckpointError(`writeSafetensors: "${name}" has dtype ${String(dtype)}, which is not known (${order.join(", ")}).`);
    const bytes = shape.every((n) => Number.isSafeInteger(n) && n >= 0) ? tensorBytes(dtype, shape) : undefined;
    if (!(data instanceof arrays[dtype]) || data.byteLength !== bytes)
      throw new CheckpointError(`writeSafetensors: "${name}" of shape [${shape.join(", ")}] and dtype ${dtype} needs a ${arrays[dtype].name} of ${bytes} bytes but has a ${data.constructor.name} of ${data.byteLength}.`);
    items.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [size, size + bytes] })}`);
    size += bytes;
  }
  const header = new TextEncoder().encode(`{${items.join(",")}}`);
  const padded = Math.ceil(header.length / 8) * 8;
  const out = new Uint8Array(headerLengthBytes + padded + size).fill(0x20, headerLengthBytes, headerLengthBytes + padded);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(header, headerLengthBytes);
  let at = headerLengthBytes + padded;
  for (const [, { data }] of sorted) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

/** The elements as f32: F16 and BF16 patterns are expanded (exactly), F64 and integers rounded; F32 comes back as it is. */
export function toFloat32({ dtype, data }: SafeTensor, name = "the tensor"): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype.startsWith("F8")) throw new CheckpointError(`${name} holds ${dtype} values, which cannot be read as numbers here. Save the weights as F32, F16 or BF16.`);
  const out = new Float32Array(data.length);
  if (dtype === "BF16") {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = (data[i] as number) << 16;
  } else if (dtype === "F16") for (let i = 0; i < out.length; i++) out[i] = fromHalf(data[i] as number);
  else for (let i = 0; i < out.length; i++) out[i] = Number(data[i]);
  return out;
}
