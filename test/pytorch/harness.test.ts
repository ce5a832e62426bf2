// What the comparison with PyTorch's results notices, tried on results that are known.
import { describe, expect, test } from "vitest";
import { checkForward, checkGradients } from "../support/pytorch.js";
import { readFamily, type MadeSpec } from "../support/pytorch-file.js";

const family = await readFamily("shape");
const named = (op: string, name: string) => family.cases.find((c) => c.op === op && c.name === name)!;

function transposed(spec: MadeSpec): Float64Array {
  const [rows, columns] = spec.shape as [number, number];
  const x = family.make(spec);
  return Float64Array.from({ length: x.length }, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
}

describe("the comparison with PyTorch", () => {
  test("takes what is right, small and sampled", () => {
    for (const [op, name] of [["transpose", "x [7, 5]"], ["transpose", "i32"]] as const) {
      const c = named(op, name);
      checkForward("out", family, transposed(c.inputs["x"]!), c.outputs["out"]!);
    }
  });

  test("finds one wrong element, also where no sample was taken", () => {
    const c = named("transpose", "i32");
    const out = c.outputs["out"]!;
    expect(out.sums).toHaveLength(8);
    const sampled = new Set(family.positions(out));
    const data = transposed(c.inputs["x"]!);
    const free = data.findIndex((_, i) => !sampled.has(i));
    data[free]! += 1;
    expect(() => checkForward("out", family, data, out)).toThrow("all samples agree but the whole does not");
  });

  test("finds an error just above the tolerance, and none below", () => {
    const c = named("transpose", "x [7, 5]");
    const out = c.outputs["out"]!;
    const right = transposed(c.inputs["x"]!);
    const largest = right.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const off = (error: number) => (): void => checkForward("out", family, right.with(3, right[3]! + error), out);
    expect(off(0.99e-5 * largest)).not.toThrow();
    expect(off(1.01e-5 * largest)).toThrow("element 3 of [5, 7]");
    expect(off(NaN)).toThrow("element 3 of [5, 7] is NaN");
  });

  test("finds gradients that are wrong in norm, in one element, or not numbers", () => {
    const c = named("transpose", "x [7, 5]");
    const spec = c.grads!["x"]!;
    const right = Float64Array.from(family.stored(spec));
    const largest = right.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const given = (data: Float64Array) => (): void => checkGradients(family, c, [{ shape: spec.shape, dtype: "f32", data }]);
    expect(given(right)).not.toThrow();
    expect(given(right.map((v) => v * 1.00009))).not.toThrow();
    expect(given(right.map((v) => v * 1.0002))).toThrow("error norm");
    expect(given(right.with(4, right[4]! + 1.1e-3 * largest))).toThrow("element 4 of [7, 5]");
    expect(given(right.with(4, NaN))).toThrow("element 4 of [7, 5] is NaN");
    expect(given(right.map(() => 0))).toThrow("gradient of x");
  });
});
