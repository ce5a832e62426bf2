import { describe, expect, test } from "vitest";
import { defineKernel, grid, MAX_WORKGROUPS, type Shader } from "../../src/runtime/kernel.js";
import { Program } from "../../src/runtime/program.js";
import { specialise } from "../../src/runtime/specialise.js";
import { testDevice } from "../support/device.js";

const shader = (code: string, parts: Partial<Shader> = {}): Shader => ({ name: "demo", code, entries: { main: {} }, params: {}, overrides: { WG: 64 }, consts: { TM: 4 }, ...parts });

describe("specialise", () => {
  test("hands overrides to the pipeline and replaces tuned constants by name", () => {
    const { code, overrides } = specialise(shader("override WG: u32 = 64u;\nconst TM: u32 = 4u; //!tune\nconst TMX: u32 = 9u;"), { constants: { WG: 32, TM: 8 }, half: [] });
    expect(overrides).toEqual({ WG: 32 });
    expect(code).toBe("override WG: u32 = 64u;\nconst TM: u32 = 8u; //!tune\nconst TMX: u32 = 9u;");
    expect(() => specialise(shader(""), { constants: { TN: 1 }, half: [] })).toThrow("demo.wgsl has no constant TN. It has: WG, TM.");
  });

  test("expands marked loops, nested ones too, with the loop's variable and nothing else replaced", () => {
    const { code } = specialise(shader(`const TM: u32 = 2u; //!tune
//!unroll
for (var i = 0u; i < TM; i++) {
  a[i] = b.i + fi(i);
  //!unroll
  for (var k = 1; k < 3; k++) { c[i][k] = k; }
}`), { constants: { TM: 2 }, half: [] });
    expect(code.replace(/\s+/g, " ")).toBe("const TM: u32 = 2u; //!tune {a[0u] = b.i + fi(0u); {c[0u][1] = 1;} {c[0u][2] = 2;} } {a[1u] = b.i + fi(1u); {c[1u][1] = 1;} {c[1u][2] = 2;} } "
      .replaceAll(/\{(?=a)/g, "{ ").replaceAll(/\{(?=c)/g, "{ ").replaceAll(/;\}/g, "; }"));
    expect(() => specialise(shader("//!unroll\nfor (var i = 0u; i < p.n; i++) { }"), { constants: {}, half: [] })).toThrow('demo.wgsl: //!unroll needs "for (var i = 0u; i < N; i++) {" with a constant N, not "for (var i = 0u; i < p.n; i++) { }".');
  });
});

test("bindings that a call names become writable, and no others", () => {
  const code = "@group(0) @binding(1) var<storage, read> x: array<f32>;\n@group(0) @binding(2) var<storage, read> x4: array<vec4f>;";
  expect(specialise(shader(code), { constants: {}, half: [], writable: ["x"] }).code).toBe(code.replace("read> x:", "read_write> x:"));
  expect(specialise(shader(code), { constants: {}, half: [] }).code).toBe(code);
  expect(specialise(shader(code), { constants: {}, half: ["x"], writable: ["x"] }).code).toContain("var<storage, read_write> x: array<f16>;");
});

describe("kernels", () => {
  test("fold large grids into two dimensions", () => {
    expect(grid(0, 64)).toEqual([1, 1, 1]);
    expect(grid(65, 64)).toEqual([2, 1, 1]);
    for (const threads of [64 * MAX_WORKGROUPS, 64 * MAX_WORKGROUPS + 1, 2 ** 28, 2 ** 30]) {
      const [x, y] = grid(threads, 64);
      expect(x).toBeLessThanOrEqual(MAX_WORKGROUPS);
      expect(y).toBeLessThanOrEqual(MAX_WORKGROUPS);
      expect(x * y * 64).toBeGreaterThanOrEqual(threads);
      expect((x * y - x) * 64).toBeLessThan(threads + 64 * x);
    }
  });

  test("name what is missing before anything runs", async () => {
    const device = await testDevice();
    const before = device.memory();
    const demo = shader("", { params: { n: "u32", scale: "f32" }, entries: { main: { p: [0, "uniform"], x: [1, "read"] } } });
    const call = (params: Record<string, number>, bindings = {}) => defineKernel(demo, "main")({ bindings, params } as never);
    const run = (...calls: ReturnType<typeof call>[]) => new Program(device, "test", calls, [], () => ({ offset: 0, bytes: 4 }));
    expect(() => run(call({ n: 1 }))).toThrow('demo.main: the parameter "scale" is missing.');
    expect(() => run(call({ n: 1, scale: NaN }))).toThrow('demo.main: the parameter "scale" is missing.');
    expect(() => run(call({ n: 1, scale: 1, m: 2 }))).toThrow('demo.main: there is no parameter "m".');
    expect(device.memory()).toEqual(before);
  });
});
