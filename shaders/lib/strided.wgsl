// lib/strided.wgsl - where an element of a dense output stands in an input whose axes have other strides.
// Up to six axes, outermost first: d0 … d5 are the output's sizes (leading ones are 1), s0 … s5 how many elements of the
// input lie between neighbours along each (0: the axis is stretched). `total` is the number of output elements.

struct Params {
  total: u32,
  d0: u32, d1: u32, d2: u32, d3: u32, d4: u32, d5: u32,
  s0: u32, s1: u32, s2: u32, s3: u32, s4: u32, s5: u32,
}

/// Axes that are really used; the ones before cost nothing.
override RANK: u32 = 6u;

@group(0) @binding(0) var<uniform> p: Params;

/// Index in the input of output element t (`quotient` is in lib/divide.wgsl).
fn source_index(t: u32) -> u32 {
  var rest = quotient(t, p.d5);
  var index = (t - rest * p.d5) * p.s5;
  if (RANK > 1u) { let q = quotient(rest, p.d4); index += (rest - q * p.d4) * p.s4; rest = q; }
  if (RANK > 2u) { let q = quotient(rest, p.d3); index += (rest - q * p.d3) * p.s3; rest = q; }
  if (RANK > 3u) { let q = quotient(rest, p.d2); index += (rest - q * p.d2) * p.s2; rest = q; }
  if (RANK > 4u) { let q = quotient(rest, p.d1); index += (rest - q * p.d1) * p.s1; rest = q; }
  if (RANK > 5u) { index += rest * p.s0; }
  return index;
}
