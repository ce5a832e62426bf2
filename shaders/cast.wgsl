// cast - the same numbers in another element type.
//
//   out[i] = TO(x[i])
//
// Types (FROM, TO): 0 f32, 1 i32, 2 u32, 3 u8, 4 f16. 32-bit types take a word per element; u8 are packed four to a word, the first
// in the lowest bits; an f16 comes and goes as a word with its bits (see src/runtime/half-bindings.ts). Floats are cut towards
// zero; whole numbers beyond the target's range are brought to its nearest end, and NaN becomes 0.
// To f16: the nearest number, ties to the even one, infinity from 65520 on. It is done on the bits, because WGSL leaves the rounding
// of f16(x) and of what overflows to the driver.
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

/// The f16 bits nearest to v.
fn half_bits(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  // 65520, half-way to what would be 65536
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  let exponent = size >> 23u;
  if (exponent >= 113u) {
    // Thirteen bits go; rounding up may carry into the exponent, as it should. 112 is the difference of the exponents' biases.
    return sign | ((size + 0xfffu + ((size >> 13u) & 1u) - (112u << 23u)) >> 13u);
  }
  // Denormal: a multiple of 2^-24. Below half of that, 2^-25, it is 0.
  if (exponent < 102u) { return sign; }
  let fraction = (size & 0x7fffffu) | 0x800000u;
  let shift = 126u - exponent;
  let kept = fraction >> shift;
  return sign | (kept + select(0u, 1u, (fraction & ((1u << shift) - 1u)) + (kept & 1u) > (1u << (shift - 1u))));
}

/// A float's bits in the target type.
fn to_float(v: f32) -> u32 {
  if (TO == 4u) { return half_bits(v); }
  return bitcast<u32>(v);
}

fn from_float(v: f32) -> u32 {
  if (TO == 0u || TO == 4u) { return to_float(v); }
  if (is_nan(v)) { return 0u; }
  if (TO == 1u) { return bitcast<u32>(i32(clamp(v, -2147483648.0, 2147483520.0))); }
  if (TO == 3u) { return u32(clamp(v, 0.0, 255.0)); }
  return u32(clamp(v, 0.0, 4294967040.0));
}

fn from_signed(v: i32) -> u32 {
  if (TO == 0u || TO == 4u) { return to_float(f32(v)); }
  if (TO == 3u) { return u32(clamp(v, 0, 255)); }
  return u32(max(v, 0));
}

fn from_unsigned(v: u32) -> u32 {
  if (TO == 0u || TO == 4u) { return to_float(f32(v)); }
  if (TO == 1u) { return min(v, 2147483647u); }
  if (TO == 3u) { return min(v, 255u); }
  return v;
}

fn convert(bits: u32) -> u32 {
  if (FROM == 0u) { return from_float(bitcast<f32>(bits)); }
  if (FROM == 4u) { return from_float(unpack2x16float(bits).x); }
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
