import { BufferUsage } from "../src/runtime/gpu.js";
import type { Case } from "./harness.js";

// Not one of the library's shaders, which compute in f32: 16 half-precision accumulators per thread, 256 multiply-adds each.
const THREADS = 2 ** 18;
const code = `
enable f16;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
override FUSED: bool = true;

@compute @workgroup_size(64)
fn scalars(@builtin(global_invocation_id) gid: vec3u) {
  var acc: array<f16, 16>;
  for (var i = 0u; i < 16u; i++) { acc[i] = f16(i); }
  let a = f16(out[0]);
  let b = f16(out[1]);
  for (var k = 0u; k < 256u; k++) {
    for (var i = 0u; i < 16u; i++) { acc[i] = select(acc[i] * a + b, fma(acc[i], a, b), FUSED); }
  }
  var sum = 0.0h;
  for (var i = 0u; i < 16u; i++) { sum += acc[i]; }
  out[2u + gid.x] = f32(sum);
}

@compute @workgroup_size(64)
fn vectors(@builtin(global_invocation_id) gid: vec3u) {
  var acc: array<vec4h, 4>;
  for (var i = 0u; i < 4u; i++) { acc[i] = vec4h(f16(i)); }
  let a = vec4h(f16(out[0]));
  let b = vec4h(f16(out[1]));
  for (var k = 0u; k < 256u; k++) {
    for (var i = 0u; i < 4u; i++) { acc[i] = select(acc[i] * a + b, fma(acc[i], a, b), FUSED); }
  }
  let sum = acc[0] + acc[1] + acc[2] + acc[3];
  out[2u + gid.x] = f32(sum.x + sum.y + sum.z + sum.w);
}`;

const half = (entryPoint: "scalars" | "vectors", fused: boolean): Case => ({
  name: `f16 ${fused ? "fma" : "mul-add"} ${entryPoint === "scalars" ? "scalar x16" : "vec4 x4"}`, group: "limits",
  flops: 2 * 256 * 16 * THREADS, count: "2 per multiply-add", feature: "shader-f16",
  prepare: async ({ gpu }) => {
    const out = gpu.createBuffer({ size: 4 * (THREADS + 2), usage: BufferUsage.STORAGE });
    const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute: { module: gpu.createShaderModule({ code }), entryPoint, constants: { FUSED: fused ? 1 : 0 } } });
    const group = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: out } }] });
    return {
      run: () => {
        const encoder = gpu.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(THREADS / 64);
        pass.end();
        gpu.queue.submit([encoder.finish()]);
      },
      check: async () => 0,
      dispose: () => out.destroy(),
    };
  },
});

/** On adapters that have the feature shader-f16. */
export const halfCases: readonly Case[] = [half("scalars", true), half("scalars", false), half("vectors", true), half("vectors", false)];
