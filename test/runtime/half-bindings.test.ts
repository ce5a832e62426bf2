import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { storeAsHalf } from "../../src/runtime/half-bindings.js";
import { specialise, specialisationOf } from "../../src/runtime/specialise.js";
import type { Shader } from "../../src/runtime/kernel.js";
import { concat } from "../../src/ops/concat.js";
import { testDevice } from "../support/device.js";

const lines = (code: string): string[] => code.split("\n").map((line) => line.trim()).filter(Boolean);
const body = (code: string, ...names: string[]): string[] => lines(storeAsHalf(code, names, "demo"));

const x = "@group(0) @binding(1) var<storage, read> x: array<f32>;";
const out = "@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;";

describe("shaders that store f16", () => {
  test("stay as they are where no tensor is f16", () => {
    const shader: Shader = { name: "demo", code: `${x} // kept`, entries: {}, params: {}, overrides: {}, consts: {} };
    expect(specialise(shader, { constants: {}, half: [] }).code).toBe(shader.code);
    expect(storeAsHalf(shader.code, [], "demo")).toBe(shader.code);
  });

  test("widen what they read and round what they store, whole elements", () => {
    expect(body(`${x}\n${out}\nout[i + 1u] = vec4f(x[i]) * x[ 2u * i ];`, "x", "out")).toEqual([
      "enable f16;",
      "@group(0) @binding(1) var<storage, read> x: array<f16>;",
      "@group(0) @binding(2) var<storage, read_write> out: array<vec4<f16>>;",
      "out[i + 1u] = vec4<f16>(vec4f(f32(x[i])) * f32(x[ 2u * i ]));",
    ]);
  });

  test("find nested indices, swizzles, comparisons and stores that read themselves", () => {
    expect(body(`${x}\n${out}\nif (x[at[i]] == x[x2[0]]) { out[u32(x[i])] = out[f(a[1], 2u)].wzyx; }`, "x", "out").slice(3)).toEqual([
      "if (f32(x[at[i]]) == f32(x[x2[0]])) { out[u32(f32(x[i]))] = vec4<f16>(vec4<f32>(out[f(a[1], 2u)]).wzyx); }",
    ]);
    expect(body(`${x}\nlet y = x [i];\nlet v = p.x[0] + ax[1] + x_[2];\nif (x[0]<=x[1]) { }`, "x").slice(2)).toEqual([
      "let y = f32(x[i]);",
      "let v = p.x[0] + ax[1] + x_[2];",
      "if (f32(x[0])<=f32(x[1])) { }",
    ]);
  });

  test("leave other bindings, comments and marks alone", () => {
    expect(body(`${x}\n${out}\n// x[i] = the old value\n//!unroll\nfor (;;) { out[i] = vec4f(x[i]); } /* x[0] */`, "out")).toEqual([
      "enable f16;",
      x,
      "@group(0) @binding(2) var<storage, read_write> out: array<vec4<f16>>;",
      "//!unroll",
      "for (;;) { out[i] = vec4<f16>(vec4f(x[i])); }",
    ]);
  });

  test("keep code between what would be a block comment outside of line comments", () => {
    expect(body(`${out}\n// a /* b\nout[0] = v; // */\n/* c\n// */ out[1] = v;`, "out").slice(2)).toEqual(["out[0] = vec4<f16>(v);", "out[1] = vec4<f16>(v);"]);
  });

  test("see f16 as words where they copy", () => {
    const code = body("var<storage, read> x4: array<vec4u>;\nvar<storage, read_write> out: array<u32>;\nout[i] = x4[i].y;", "x4", "out");
    expect(code.slice(0, 4)).toEqual(["enable f16;", "var<storage, read> x4: array<vec4<f16>>;", "var<storage, read_write> out: array<f16>;", "out[i] = word_half(half_words(x4[i]).y);"]);
    expect(code.filter((line) => line.startsWith("fn ")).map((line) => line.slice(3, line.indexOf("(")))).toEqual(["half_words", "words_half", "half_word", "word_half"]);
  });

  test("are refused where an element has no f16 form", () => {
    expect(() => storeAsHalf("var<storage, read_write> n: array<atomic<u32>>;", ["n"], "demo")).toThrow('demo.wgsl: the binding "n" cannot hold f16, because its elements are atomic<u32>.');
    expect(() => storeAsHalf(x, ["y"], "demo")).toThrow('demo.wgsl: the binding "y" cannot hold f16, because it is not declared "var<storage, …> y: array<…>;".');
    for (const block of ["{ out[1] = v; }", "{ a = v; }", "{ }"])
      expect(() => storeAsHalf(`${out}\nfor (;; out[0] = v) ${block}`, ["out"], "demo")).toThrow('demo.wgsl: "out[0] = …" must be a statement of its own.');
    expect(() => storeAsHalf(`${x}\nlet a = x[i;`, ["x"], "demo")).toThrow('demo.wgsl: a bracket of "x[" is not closed.');
  });

  test("are kernels of their own: the names of f16 bindings are part of what specialises", () => {
    const operand = (dtype: "f16" | "f32") => ({ shape: [4], dtype });
    expect(specialisationOf({ bindings: { x: operand("f16"), weight: operand("f32"), out: operand("f16") }, constants: { C: 3 } })).toEqual({ constants: { C: 3 }, half: ["out", "x"] });
  });

  test("move every bit pattern through copying kernels, odd counts and their neighbours included", async (context) => {
    const device = await testDevice();
    if (!device.adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    using first = tensor(device, bits.subarray(0, 32769), [32769], { dtype: "f16" });
    using second = tensor(device, bits.subarray(32769), [32767], { dtype: "f16" });
    using joined = concat([first, second]);
    expect(joined.dtype).toBe("f16");
    expect((await joined.data()).findIndex((v, i) => v !== i)).toBe(-1);
    using wide = tensor(device, bits, [16384, 4], { dtype: "f16" });
    using twice = concat([wide, wide]);
    expect((await twice.data()).findIndex((v, i) => v !== (i >> 3) * 4 + (i & 3))).toBe(-1);
  });
});
