// adaptive-avg-pool2d - means over oh × ow bins that cover the plane, and the gradient.
//
//   bin i of o over n positions = [floor(i·n / o), ceil((i + 1)·n / o)); bins overlap when o does not divide n
//   out[n, i, j, c]    = mean of x over bin (i, j)
//   grad_x[n, y, x, c] = sum over the bins that hold (y, x) of grad / size of the bin
//
// A position y lies in the bins floor(y·o / n) … ceil((y + 1)·o / n) − 1, which is what makes the gradient a gather.
// Layouts: x [n, h, w, C], out and grad [n, oh, ow, C], dense.
// Entries: `forward`, `forward4` (one thread per output value, or four channels of it), `gradient`, `gradient4` (per input
// value). Accumulation: f32, one sum per row of the bin, then over rows.

//!include "lib/grid.wgsl"

struct Params { n: u32, h: u32, w: u32, oh: u32, ow: u32 }

override C: u32 = 4u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x4: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> grad4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> out4: array<vec4f>;

fn bin_start(i: u32, size: u32, bins: u32) -> u32 { return i * size / bins; }
fn bin_end(i: u32, size: u32, bins: u32) -> u32 { return ((i + 1u) * size + bins - 1u) / bins; }
fn bin_size(i: u32, size: u32, bins: u32) -> u32 { return bin_end(i, size, bins) - bin_start(i, size, bins); }

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.oh * p.ow * C) { return; }
  let c = t % C;
  let ox = (t / C) % p.ow;
  let oy = (t / C / p.ow) % p.oh;
  let n = t / C / (p.ow * p.oh);
  var sum = 0.0;
  for (var y = bin_start(oy, p.h, p.oh); y < bin_end(oy, p.h, p.oh); y++) {
    var row = 0.0;
    for (var column = bin_start(ox, p.w, p.ow); column < bin_end(ox, p.w, p.ow); column++) {
      row += x[((n * p.h + y) * p.w + column) * C + c];
    }
    sum += row;
  }
  out[t] = sum / f32(bin_size(oy, p.h, p.oh) * bin_size(ox, p.w, p.ow));
}

@compute @workgroup_size(WG)
fn forward4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.oh * p.ow * channels) { return; }
  let c = t % channels;
  let ox = (t / channels) % p.ow;
  let oy = (t / channels / p.ow) % p.oh;
  let n = t / channels / (p.ow * p.oh);
  var sum = vec4f(0.0);
  for (var y = bin_start(oy, p.h, p.oh); y < bin_end(oy, p.h, p.oh); y++) {
    var row = vec4f(0.0);
    for (var column = bin_start(ox, p.w, p.ow); column < bin_end(ox, p.w, p.ow); column++) {
      row += x4[((n * p.h + y) * p.w + column) * channels + c];
    }
    sum += row;
  }
  out4[t] = sum / f32(bin_size(oy, p.h, p.oh) * bin_size(ox, p.w, p.ow));
}

/// First bin that holds `position`, and one past the last.
fn first_bin(position: u32, size: u32, bins: u32) -> u32 { return position * bins / size; }
fn end_bin(position: u32, size: u32, bins: u32) -> u32 { return ((position + 1u) * bins + size - 1u) / size; }

@compute @workgroup_size(WG)
fn gradient(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n * p.h * p.w * C) { return; }
  let c = t % C;
  let column = (t / C) % p.w;
  let y = (t / C / p.w) % p.h;
  let n = t / C / (p.w * p.h);
  var sum = 0.0;
  for (var oy = first_bin(y, p.h, p.oh); oy < end_bin(y, p.h, p.oh); oy++) {
    for (var ox = first_bin(column, p.w, p.ow); ox < end_bin(column, p.w, p.ow); ox++) {
      sum += grad[((n * p.oh + oy) * p.ow + ox) * C + c] / f32(bin_size(oy, p.h, p.oh) * bin_size(ox, p.w, p.ow));
    }
  }
  out[t] = sum;
}

@compute @workgroup_size(WG)
fn gradient4(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  let channels = C / 4u;
  if (t >= p.n * p.h * p.w * channels) { return; }
  let c = t % channels;
  let column = (t / channels) % p.w;
  let y = (t / channels / p.w) % p.h;
  let n = t / channels / (p.w * p.h);
  var sum = vec4f(0.0);
  for (var oy = first_bin(y, p.h, p.oh); oy < end_bin(y, p.h, p.oh); oy++) {
    for (var ox = first_bin(column, p.w, p.ow); ox < end_bin(column, p.w, p.ow); ox++) {
      sum += grad4[((n * p.oh + oy) * p.ow + ox) * channels + c] / f32(bin_size(oy, p.h, p.oh) * bin_size(ox, p.w, p.ow));
    }
  }
  out4[t] = sum;
}
