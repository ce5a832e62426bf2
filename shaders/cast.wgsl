// cast - the same numbers in another element type.
//
//   out[i] = TO(x[i])
//
// Types (FROM, TO): 0 f32, 1 i32, 2 u32, 3 u8. 32-bit types take a word per element; u8 are packed four to a word, the first
// in the lowest bits. Floats are cut towards zero; whole numbers beyond the target's range are brought to its nearest end,
// and NaN becomes 0.
// Entry `forward`: one thread per four elements, which is one word of bytes. Elements past the end are neither read nor
// written, except that the last word of bytes is filled up with zeros.

//!include "lib/grid.wgsl"
//!include "lib/nan.wgsl"

struct Params { n: u32 }

override FROM: u32 = 0u;
override TO: u32 = 2u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

/// The bits of element i: a byte, or a word.
fn load(i: u32) -> u32 {
  if (FROM == 3u) { return (x[i / 4u] >> (8u * (i % 4u))) & 255u; }
  return x[i];
}

fn from_float(v: f32) -> u32 {
  if (is_nan(v)) { return 0u; }
  if (TO == 1u) { return bitcast<u32>(i32(clamp(v, -2147483648.0, 2147483520.0))); }
  if (TO == 3u) { return u32(clamp(v, 0.0, 255.0)); }
  return u32(clamp(v, 0.0, 4294967040.0));
}

fn from_signed(v: i32) -> u32 {
  if (TO == 0u) { return bitcast<u32>(f32(v)); }
  if (TO == 3u) { return u32(clamp(v, 0, 255)); }
  return u32(max(v, 0));
}

fn from_unsigned(v: u32) -> u32 {
  if (TO == 0u) { return bitcast<u32>(f32(v)); }
  if (TO == 1u) { return min(v, 2147483647u); }
  if (TO == 3u) { return min(v, 255u); }
  return v;
}

fn convert(bits: u32) -> u32 {
  if (FROM == 0u) { return from_float(bitcast<f32>(bits)); }
  if (FROM == 1u) { return from_signed(bitcast<i32>(bits)); }
  return from_unsigned(bits);
}

@compute @workgroup_size(WG)
fn forward(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= (p.n + 3u) / 4u) { return; }
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    let i = t * 4u + k;
    if (i >= p.n) { break; }
    let value = convert(load(i));
    if (TO == 3u) { word |= value << (8u * k); } else { out[i] = value; }
  }
  if (TO == 3u) { out[t] = word; }
}
