// permutohedral - Gaussian filter in a space of d features by way of a permutohedral lattice (Adams, Baek & Davis 2010): rows leave their
// values at the d + 1 corners of the simplex that holds them, the lattice is blurred along its d + 1 axes, and rows read it again.
//
//   splat   lattice[v, c] = Σ over entries e of v: weights[e] x[row of e, c]
//   blur    out[v, c] = lattice[v, c] + ½ (lattice[one neighbour of v, c] + lattice[the other, c]),   along one axis
//   slice   out[i, c] = scale · Σ over corners k of weights[i, k] lattice[corners[i, k], c]
//
// Layouts: x, out [rows, channels]; corners, weights [rows, K], K = d + 1; lattice [vertices, channels]; entries: numbers of the elements of
// corners, those of vertex v from starts[v] to starts[v + 1]; neighbours [K, vertices, 2], 0xffffffff where there is none, which counts 0.
// Entries: one thread per vertex (or row) and channel. Splatting gathers in the order of the rows, so that sums are the same every time.

//!include "lib/divide.wgsl"
//!include "lib/grid.wgsl"

struct Params { channels: u32, total: u32, axis: u32, vertices: u32, scale: f32 }

override K: u32 = 6u;

const NONE: u32 = 0xffffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> corners: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read> entries: array<u32>;
@group(0) @binding(6) var<storage, read> neighbours: array<u32>;
@group(0) @binding(7) var<storage, read> lattice: array<f32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG)
fn splat(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let v = quotient(t, p.channels);
  let c = t - v * p.channels;
  var total = 0.0;
  let end = starts[v + 1u];
  for (var e = starts[v]; e < end; e++) {
    let element = entries[e];
    total += weights[element] * x[element / K * p.channels + c];
  }
  out[t] = total;
}

/// An element of the lattice, 0 at vertices that do not exist.
fn value_at(v: u32, c: u32) -> f32 {
  if (v == NONE) { return 0.0; }
  return lattice[v * p.channels + c];
}

@compute @workgroup_size(WG)
fn blur(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let v = quotient(t, p.channels);
  let c = t - v * p.channels;
  let at = 2u * (p.axis * p.vertices + v);
  out[t] = lattice[t] + 0.5 * (value_at(neighbours[at], c) + value_at(neighbours[at + 1u], c));
}

@compute @workgroup_size(WG)
fn slice(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.total) { return; }
  let i = quotient(t, p.channels);
  let c = t - i * p.channels;
  var total = 0.0;
  for (var k = 0u; k < K; k++) { total += weights[i * K + k] * lattice[corners[i * K + k] * p.channels + c]; }
  out[t] = p.scale * total;
}
