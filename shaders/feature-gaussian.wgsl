// feature-gaussian - Gaussian filter in a space of features, over all pairs of rows: the exact message of a dense CRF.
//
//   out[i, c] = Σ over j of exp(−½ |features[i] − features[j]|²) x[j, c]
//
// Layouts: x, out [rows, channels]; features [rows, V · 4], filled up with zeros. Entries: `forward`: one thread per row and four channels,
// which walks all rows j in order; all threads of a workgroup read the same row at the same time, which caches serve to all of them.
// Edges: the last four channels may be fewer; what is read instead of missing ones is not stored. Sums are f32, those of 64 rows each
// first, so that their rounding stays small.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { rows: u32, channels: u32, quads: u32, total: u32 }

/// vec4s of features per row.
override V: u32 = 2u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> features: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let i = quotient(t, p.quads);
  let c = (t - i * p.quads) * 4u;
  let last = p.channels - 1u;
  let at = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(last));
  var total = vec4f();
  for (var block = 0u; block < p.rows; block += 64u) {
    var part = vec4f();
    let end = min(block + 64u, p.rows);
    for (var j = block; j < end; j++) {
      var square = 0.0;
      for (var v = 0u; v < V; v++) {
        let d = features[i * V + v] - features[j * V + v];
        square += dot(d, d);
      }
      let row = j * p.channels;
      part += exp(-0.5 * square) * vec4f(x[row + at.x], x[row + at.y], x[row + at.z], x[row + at.w]);
    }
    total += part;
  }
  let to = i * p.channels + c;
  out[to] = total.x;
  if (c + 1u < p.channels) { out[to + 1u] = total.y; }
  if (c + 2u < p.channels) { out[to + 2u] = total.z; }
  if (c + 3u < p.channels) { out[to + 3u] = total.w; }
}
