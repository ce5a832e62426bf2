// local-response-norm - sums over windows of neighbouring channels.
//
//   out[r, c] = Σ over d = −before … after of x[r, c + d]
//
// Layouts: x, out [rows, channels]. Entries: `window_sum`: one thread per element. Channels outside 0 … channels − 1 are left out.
// Sums are f32, in order of the channels. Windows are short, and their reads overlap in the cache.

//!include "lib/grid.wgsl"

struct Params { total: u32, channels: u32, before: u32, after: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn window_sum(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let c = t % p.channels;
  let first = t - min(c, p.before);
  let last = t + min(p.channels - 1u - c, p.after);
  var total = 0.0;
  for (var i = first; i <= last; i++) { total += x[i]; }
  out[t] = total;
}
