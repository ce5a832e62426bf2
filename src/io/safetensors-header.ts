import type { CheckpointError } from "../runtime/errors.js";

/** Element types of the format, in the order in which the reference writer sorts them (by alignment). Bits per element. */
export const safetensorBits = {
  BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, I16: 16, U16: 16, F16: 16, BF16: 16,
  I32: 32, U32: 32, F32: 32, F64: 64, I64: 64, U64: 64,
} as const;

export type SafetensorDType = keyof typeof safetensorBits;

export interface HeaderEntry {
  name: string;
  dtype: SafetensorDType;
  shape: number[];
  begin: number;
  end: number;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Bytes of a tensor, or undefined when the product of its axes leaves the exact integers (below 2^53). */
export function tensorBytes(dtype: SafetensorDType, shape: readonly number[]): number | undefined {
  let bytes: number = safetensorBits[dtype] / 8;
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/**
 * Throws for JSON that repeats a key in one object (JSON.parse would keep the last one silently) or nests deeper than a
 * header can. Runs before JSON.parse, so it also passes over text that is no JSON.
 */
function checkKeys(text: string, damaged: (what: string) => CheckpointError): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "{" || c === "[") {
      if (open.push(new Set()) > 4) throw damaged("its header is nested too deeply");
    } else if (c === "}" || c === "]") open.pop();
    else if (c === '"') {
      const from = i++;
      while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      let next = i + 1;
      while (next < text.length && " \t\r\n".includes(text[next]!)) next++;
      if (text[next] !== ":" || open.length === 0) continue;
      const key = parseJson(text.slice(from, i + 1), damaged) as string;
      if (open.at(-1)!.has(key)) throw damaged(`its header names "${key}" twice`);
      open.at(-1)!.add(key);
    }
  }
}

function parseJson(text: string, damaged: (what: string) => CheckpointError): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged("its header is not valid JSON");
  }
}

/**
 * Parses and checks the header of a safetensors file as the reference implementation does: known dtypes, sizes that
 * follow from the shapes, and tensors that fill `dataBytes` without holes or overlaps.
 */
export function parseHeader(
  text: string, dataBytes: number, maxTensors: number, damaged: (what: string) => CheckpointError,
): { entries: HeaderEntry[]; metadata: Record<string, string> } {
  if (!text.startsWith("{")) throw damaged("its header does not begin with {, so it is probably not a safetensors file");
  checkKeys(text, damaged);
  const header = parseJson(text, damaged);
  if (!isRecord(header)) throw damaged("its header is not a JSON object");
  const entries: HeaderEntry[] = [];
  const metadata = Object.create(null) as Record<string, string>; // no prototype that a key could reach
  const items = Object.entries(header);
  if (items.length > maxTensors + 1) throw damaged(`its header names ${items.length} tensors, more than the limit of ${maxTensors}`);
  for (const [name, value] of items) {
    if (name !== "__metadata__") {
      entries.push(parseEntry(name, value, damaged));
      continue;
    }
    if (!isRecord(value)) throw damaged("its metadata is not a JSON object");
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== "string") throw damaged(`its metadata "${key}" is not text`);
      metadata[key] = text;
    }
  }
  checkLayout(entries, dataBytes, damaged);
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, damaged: (what: string) => CheckpointError): HeaderEntry {
  const bad = (what: string): CheckpointError => damaged(`tensor "${name}" ${what}`);
  if (!isRecord(value)) throw bad("is not described by a JSON object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(safetensorBits, dtype)) throw bad(`has dtype ${JSON.stringify(dtype) ?? "nothing"}, which is not known (${Object.keys(safetensorBits).join(", ")})`);
  if (!Array.isArray(shape) || !shape.every(isWhole)) throw bad("has a shape that is not a list of whole numbers");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isWhole)) throw bad("has data_offsets that are not two whole numbers");
  const [begin, end] = offsets as [number, number];
  const bytes = tensorBytes(dtype as SafetensorDType, shape);
  if (bytes === undefined) throw bad("has more elements than can be counted exactly");
  if (end < begin || end - begin !== bytes) throw bad(`of shape [${shape.join(", ")}] and dtype ${dtype} needs ${bytes} bytes but its data_offsets span ${end - begin}`);
  return { name, dtype: dtype as SafetensorDType, shape, begin, end };
}

function checkLayout(entries: readonly HeaderEntry[], dataBytes: number, damaged: (what: string) => CheckpointError): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < at) throw damaged(`tensor "${name}" overlaps the one before it`);
    if (begin > at) throw damaged(`there is a hole of ${begin - at} bytes before tensor "${name}"`);
    at = end;
  }
  if (at > dataBytes) throw damaged(`it is cut off: its tensors need ${at} bytes but only ${dataBytes} are there`);
  if (at < dataBytes) throw damaged(dataBytes - at === 1 ? "1 byte after its last tensor belongs to none" : `${dataBytes - at} bytes after its last tensor belong to none`);
}
