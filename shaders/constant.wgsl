// constant - a short vector of numbers known when a plan is made.
//
//   out[first + i] = v[i],   i = 0 … min(16, n − first) − 1
//
// Entry `forward`: one thread per number. The numbers stand in the parameters, 16 per dispatch, so that class weights and the
// like need no buffer that somebody must own.

struct Params {
  n: u32, first: u32,
  v0: f32, v1: f32, v2: f32, v3: f32, v4: f32, v5: f32, v6: f32, v7: f32,
  v8: f32, v9: f32, v10: f32, v11: f32, v12: f32, v13: f32, v14: f32, v15: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(16)
fn forward(@builtin(global_invocation_id) gid: vec3u) {
  let i = p.first + gid.x;
  if (gid.x >= 16u || i >= p.n) { return; }
  var values = array<f32, 16>(
    p.v0, p.v1, p.v2, p.v3, p.v4, p.v5, p.v6, p.v7, p.v8, p.v9, p.v10, p.v11, p.v12, p.v13, p.v14, p.v15,
  );
  out[i] = values[gid.x];
}
