// concat - one input of a concatenation, copied to its place in the output.
//
//   out[r·stride + at + j] = x[r·length + j]      for every row r < rows and j < length
//
// A row is everything from the concatenated axis inwards: rows = product of the axes before it, length = the input's axis ×
// the axes after it, `stride` = the same of the output, `at` = what stands before this input in each row of the output.
// One dispatch per input. Values are copied as 32-bit words, so every 4-byte dtype works, and f16 as its bits.
// Entries: `forward` (one thread per value), `forward4` (one thread per four; length, stride and at divide by 4).

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { rows: u32, length: u32, stride: u32, at: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4u>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.rows * p.length) { return; }
  // Row r of the output starts r·stride, that of x r·length.
  out[t + quotient(t, p.length) * (p.stride - p.length) + p.at] = x[t];
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let length = p.length / 4u;
  if (t >= p.rows * length) { return; }
  out4[t + quotient(t, length) * (p.stride / 4u - length) + p.at / 4u] = x4[t];
}
