import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { defineOp, type Spec } from "../../src/graph/op.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import type { FloatDType } from "../../src/runtime/dtype.js";
import { fromHalf } from "../../src/runtime/half.js";
import type { Shader } from "../../src/runtime/kernel.js";
import { testDevice } from "../support/device.js";
import { expectGuards, poisonSlabs } from "../support/guards.js";

/** Adds one to every element of x, and writes `stray` elements more than there are. */
const shader: Shader = {
  name: "careless",
  code: `
struct Params { total: u32, }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x < p.total) { out[gid.x] = x[gid.x] + 1.0; }
}`,
  entries: { main: { p: [0, "uniform"], x: [1, "read"], out: [2, "read_write"] } },
  params: { total: "u32" },
  overrides: {},
  consts: {},
};

const careless = defineOp({
  name: "careless",
  shape: ({ x }: { x: Spec }, _stray: { stray: number }): Spec => ({ shape: x.shape, dtype: x.dtype }),
  lower: (low, { x }, { out }, { stray }) => low.run({ shader, entry: "main", bindings: { x, out }, params: { total: x.shape[0]! + stray }, constants: {}, workgroups: [2, 1, 1], flops: 0 }),
});

async function run(stray: number, dtype: FloatDType = "f32"): Promise<number[]> {
  const device = await testDevice();
  device.guardPlans(true);
  try {
    const plan = compile((x: Tensor) => careless({ x }, { stray }));
    using x = tensor(device, Float32Array.from({ length: 5 }, (_, i) => i), [5], { dtype });
    const made = plan.plan(x);
    poisonSlabs(device, made);
    using y = plan(x);
    const data = Array.from(await y.data(), dtype === "f16" ? fromHalf : Number);
    await expectGuards(device, made);
    plan.dispose();
    return data;
  } finally {
    device.guardPlans(false);
  }
}

test("a write behind the end of a tensor is found", async () => {
  expect(await run(0)).toEqual([1, 2, 3, 4, 5]);
  await expect(run(1)).rejects.toThrow("careless [5]: something was written 0 words behind its last element");
  await expect(run(70)).rejects.toThrow("careless [5]: something was written 0 words behind its last element");
});

test("so is a write into the half word behind an odd number of f16", async (context) => {
  if (!(await testDevice()).adapter.features.has("shader-f16")) return context.skip("the adapter has no shader-f16");
  expect(await run(0, "f16")).toEqual([1, 2, 3, 4, 5]);
  await expect(run(1, "f16")).rejects.toThrow("careless [5]: something was written 0 words behind its last element");
  await expect(run(2, "f16")).rejects.toThrow("careless [5]: something was written 0 words behind its last element");
});
