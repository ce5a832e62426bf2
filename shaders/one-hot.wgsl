// one-hot - a class per element as a row with a single one.
//
//   out[i, c] = 1 where labels[i] = c, else 0
//
// Layouts: labels [n] as u32, i32 (U8 = 0) or packed u8 (U8 = 1); out [n, C] f32. Labels outside 0 … C − 1 give rows of zeros.
// Entry `one_hot`: one thread per element of out.

//!include "lib/grid.wgsl"

struct Params { n: u32 }

override C: u32 = 2u;
override U8: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn label(i: u32) -> u32 {
  if (U8 == 1u) { return (labels[i / 4u] >> (8u * (i % 4u))) & 255u; }
  return labels[i];
}

@compute @workgroup_size(WG)
fn one_hot(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * C) { return; }
  out[t] = select(0.0, 1.0, label(t / C) == t % C);
}
