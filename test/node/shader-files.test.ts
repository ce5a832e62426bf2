import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Shader } from "../../src/runtime/kernel.js";

const { parseShader } = (await import("../../scripts/wgsl/parse.mjs" as string)) as { parseShader(file: string): Shader };
const folder = mkdtempSync(join(tmpdir(), "atrous-shaders-"));
mkdirSync(join(folder, "lib"));
writeFileSync(join(folder, "lib/grid.wgsl"), "// lib\noverride WG: u32 = 64u;\nfn scaled(v: f32) -> f32 { return v * p.scale; }\n");
afterAll(() => rmSync(folder, { recursive: true }));

function parse(code: string): Shader {
  writeFileSync(join(folder, "sample.wgsl"), code);
  return parseShader(join(folder, "sample.wgsl"));
}

const bindings = `//!include "lib/grid.wgsl"
struct Params { n: u32, scale: f32, }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
`;

test("reads parameters, constants and the bindings that each entry point reaches", () => {
  const shader = parse(`${bindings}
override C: u32 = 0x10u;
override TWICE: u32 = 2u * C;
const TM: u32 = 4u; //!tune
/* block /* nested */ x4 */
fn load(i: u32) -> f32 { return scaled(x[i]); }
fn local(x: u32) -> u32 { for (var x4 = x; x4 < 9u; x4++) { let p = x4; } return x; }
@compute @workgroup_size(WG) fn forward(@builtin(global_invocation_id) gid: vec3u) {
  let x = load(gid.x); // the binding is read by load
  //!unroll
  for (var i = 0u; i < TM; i++) { out[i] = x; }
}
@compute @workgroup_size(WG) fn four(@builtin(global_invocation_id) gid: vec3u) { out[local(gid.x)] = x4[0].x; }
`);
  expect(shader).toMatchObject({ name: "sample", params: { n: "u32", scale: "f32" }, overrides: { WG: 64, C: 16 }, consts: { TM: 4 } });
  expect(shader.entries).toEqual({
    forward: { p: [0, "uniform"], x: [1, "read"], out: [2, "read_write"] },
    four: { x4: [1, "read"], out: [2, "read_write"] },
  });
  expect(shader.code).not.toMatch(/\/\*|\/\/(?!!)|include|^\s/m);
  expect(shader.code).toContain("const TM: u32 = 4u; //!tune");
  expect(shader.code).toContain("//!unroll\nfor (var i = 0u");
});

const mistakes: [string, RegExp][] = [
  [`${bindings}@compute @workgroup_size(1) fn both() { out[0] = x[0] + x4[0].x; }`, /sample\.wgsl:7: entry "both" uses both "x" and "x4" of binding 1$/],
  ['//!include "lib/none.wgsl"', /sample\.wgsl:1: the included file "lib\/none\.wgsl" does not exist$/],
  ["\n//!unrol", /sample\.wgsl:2: unknown mark "\/\/!unrol"/],
  ["struct Params { size: vec2u }", /sample\.wgsl:1: Params holds only u32, i32, f32 fields, not "size: vec2u"$/],
  ["const TM = 4u; //!tune", /sample\.wgsl:1: a tuned constant is written/],
  ["override C: u32;", /sample\.wgsl:1: override "C" needs a default$/],
  ["@group(1) @binding(1) var<storage, read> x: array<f32>;", /sample\.wgsl:1: "x" needs @group\(0\) and a @binding number$/],
];

test.each(mistakes)("a mistake is shown with its file and line: %s", (code, message) => {
  expect(() => parse(code)).toThrow(message);
});
