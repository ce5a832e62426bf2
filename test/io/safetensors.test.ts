import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/runtime/errors.js";
import { readSafetensors, toFloat32, writeSafetensors } from "../../src/io/safetensors.js";
import type { SafeTensor } from "../../src/io/safetensors.js";
import { random } from "../support/random.js";

const tensors = new Map<string, SafeTensor>([
  ["b.weight", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["__proto__", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ["count", { dtype: "I64", shape: [], data: BigInt64Array.of(-7n) }],
  ["half", { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) }],
  ["a.weight", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
  ["flag", { dtype: "BOOL", shape: [1], data: Uint8Array.of(1) }],
]);

/** A file from its header text and the number of data bytes. */
function file(header: string | Uint8Array, dataBytes = 0, declared?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}
const entry = (dtype: string, shape: unknown, offsets: unknown): string => JSON.stringify({ dtype, shape, data_offsets: offsets });

describe("safetensors", () => {
  it("reads back what it wrote, sorted by alignment and name", () => {
    const bytes = writeSafetensors(tensors, { format: "atrous", __proto__x: "é" });
    const read = readSafetensors(bytes);
    expect([...read.tensors.keys()]).toEqual(["count", "a.weight", "b.weight", "half", "__proto__", "flag"]);
    for (const [name, tensor] of tensors) expect(read.tensors.get(name)).toEqual(tensor);
    expect({ ...read.metadata }).toEqual({ format: "atrous", __proto__x: "é" });
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
  });

  it("reads files at any byte offset and headers that are not padded", () => {
    const bytes = file(`{"x":${entry("F32", [1], [0, 4])}}`, 4);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 2.5, true);
    for (let shift = 0; shift < 8; shift++) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      expect([...readSafetensors(moved.subarray(shift)).tensors.get("x")!.data]).toEqual([2.5]);
    }
  });

  it("keeps empty files empty", () => {
    expect(readSafetensors(writeSafetensors(new Map())).tensors.size).toBe(0);
  });

  const f32 = entry("F32", [1], [0, 4]);
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "it is empty"],
    ["a file of 5 bytes", new Uint8Array(5), "it is cut off after 5 bytes"],
    ["a huge header", file("{}", 0, 2n ** 63n), "its header would be 9223372036854775808 bytes long, more than the limit of 26214400"],
    ["a file cut in its header", file("{}", 0, 100n), "it is cut off inside its header (10 bytes of at least 108)"],
    ["bytes that are not UTF-8", file(Uint8Array.of(0x7b, 0xff, 0x7d)), "its header is not UTF-8 text"],
    ["a header that is a list", file("[]"), "its header does not begin with {"],
    ["a header after a space", file(" {}"), "its header does not begin with {"],
    ["broken JSON", file('{"x":'), "its header is not valid JSON"],
    ["a repeated tensor", file(`{"x":${f32},"x" :${f32}}`, 4), 'its header names "x" twice'],
    ["a repeated tensor, spelled otherwise", file(`{"x":${f32},"\\u0078":${f32}}`, 4), 'its header names "x" twice'],
    ["a repeated field", file('{"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), 'its header names "dtype" twice'],
    ["deep nesting", file(`{"x":${"[".repeat(100_000)}`), "its header is nested too deeply"],
    ["a tensor that is a number", file('{"x":3}'), 'tensor "x" is not described by a JSON object'],
    ["an unknown dtype", file(`{"x":${entry("F31", [1], [0, 4])}}`, 4), 'tensor "x" has dtype "F31", which is not known (BOOL, U8,'],
    ["a dtype from the prototype", file(`{"x":${entry("constructor", [1], [0, 4])}}`, 4), 'tensor "x" has dtype "constructor", which is not known'],
    ["no dtype", file('{"x":{"shape":[1],"data_offsets":[0,4]}}', 4), 'tensor "x" has dtype nothing, which is not known'],
    ["a negative axis", file(`{"x":${entry("U8", [-1, -4], [0, 4])}}`, 4), 'tensor "x" has a shape that is not a list of whole numbers'],
    ["a fractional axis", file(`{"x":${entry("U8", [0.5, 8], [0, 4])}}`, 4), 'tensor "x" has a shape that is not a list of whole numbers'],
    ["three offsets", file(`{"x":${entry("U8", [4], [0, 4, 8])}}`, 4), 'tensor "x" has data_offsets that are not two whole numbers'],
    ["a size that overflows", file(`{"x":${entry("U8", [2 ** 40, 2 ** 40], [0, 4])}}`, 4), 'tensor "x" has more elements than can be counted exactly'],
    ["a size that overflows before a zero", file(`{"x":${entry("U8", [2 ** 40, 2 ** 40, 0], [0, 0])}}`), 'tensor "x" has more elements than can be counted exactly'],
    ["a span that is too short", file(`{"x":${entry("F32", [2], [0, 4])}}`, 4), 'tensor "x" of shape [2] and dtype F32 needs 8 bytes but its data_offsets span 4'],
    ["a span backwards", file(`{"x":${entry("U8", [0], [4, 0])}}`, 4), 'tensor "x" of shape [0] and dtype U8 needs 0 bytes but its data_offsets span -4'],
    ["an overlap", file(`{"x":${entry("U8", [4], [0, 4])},"y":${entry("U8", [4], [2, 6])}}`, 6), 'tensor "y" overlaps the one before it'],
    ["a hole", file(`{"x":${entry("U8", [2], [0, 2])},"y":${entry("U8", [2], [4, 6])}}`, 6), 'there is a hole of 2 bytes before tensor "y"'],
    ["cut off data", file(`{"x":${f32}}`, 3), "it is cut off: its tensors need 4 bytes but only 3 are there"],
    ["bytes left over", file(`{"x":${f32}}`, 5), "1 byte after its last tensor belongs to none"],
    ["metadata that is text", file('{"__metadata__":"x"}'), "its metadata is not a JSON object"],
    ["metadata of numbers", file('{"__metadata__":{"x":1}}'), 'its metadata "x" is not text'],
  ])("refuses %s", (_, bytes, text) => {
    const read = () => readSafetensors(bytes, "net.safetensors");
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(`net.safetensors cannot be read as safetensors: ${text}`);
  });

  it("limits the number of tensors", () => {
    const header = `{${[0, 1, 2].map((i) => `"${i}":${entry("U8", [0], [0, 0])}`).join(",")}}`;
    expect(() => readSafetensors(file(header), "net", { maxTensors: 1 })).toThrow("its header names 3 tensors, more than the limit of 1");
  });

  it("refuses to write what it could not read", () => {
    const one = (name: string, tensor: SafeTensor) => () => writeSafetensors(new Map([[name, tensor]]));
    expect(one("__metadata__", tensors.get("half")!)).toThrow('writeSafetensors: no tensor can be named "__metadata__".');
    expect(one("x", { dtype: "F32", shape: [3], data: new Float32Array(2) })).toThrow('writeSafetensors: "x" of shape [3] and dtype F32 needs a Float32Array of 12 bytes but has a Float32Array of 8.');
    expect(one("x", { dtype: "F32", shape: [3], data: new Int32Array(3) })).toThrow("needs a Float32Array of 12 bytes but has a Int32Array of 12.");
  });

  it("expands 16-bit floats exactly", () => {
    const f16 = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x7c00, 0xfc00, 0x7e00, 0x3555);
    expect([...toFloat32({ dtype: "F16", shape: [10], data: f16 })]).toEqual([0, 1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, Infinity, -Infinity, NaN, 0.333251953125]);
    expect([...toFloat32({ dtype: "BF16", shape: [3], data: Uint16Array.of(0x3f80, 0xc040, 0x7f80) })]).toEqual([1, -3, Infinity]);
    expect([...toFloat32(tensors.get("count")!)]).toEqual([-7]);
    expect(() => toFloat32({ dtype: "F8_E4M3", shape: [1], data: Uint8Array.of(1) }, "w")).toThrow("w holds F8_E4M3 values, which cannot be read as numbers here.");
  });

  it("answers 5,000 seeded mutants with tensors or a CheckpointError", () => {
    const rng = random("safetensors mutants");
    const good = writeSafetensors(tensors, { format: "atrous" });
    for (let round = 0; round < 5000; round++) {
      let bytes = good.slice(0, rng.uniform() < 0.2 ? rng.integer(good.length) : good.length);
      for (let i = rng.integer(4); i >= 0 && bytes.length > 0; i--) bytes[rng.integer(rng.uniform() < 0.3 ? Math.min(9, bytes.length) : bytes.length)] = rng.integer(256);
      if (rng.uniform() < 0.1) bytes = Uint8Array.from([...bytes, ...bytes]);
      try {
        readSafetensors(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }
  });
});
