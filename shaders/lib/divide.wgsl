// lib/divide.wgsl - division of u32 by a value that is not a constant, through f32: software adapters divide integers
// lane by lane, floats in vectors. Exact for divisors from 1 to 2^30.

/// q, corrected by at most one.
fn nearby_quotient(a: u32, b: u32, q: u32) -> u32 {
  let rest = i32(a - q * b);
  return q + select(0u, 1u, rest >= i32(b)) - select(0u, 1u, rest < 0);
}

/// a / b below 2^20, where the quotient of floats is off by one at most.
fn small_quotient(a: u32, b: u32) -> u32 {
  return nearby_quotient(a, b, u32(f32(a) / f32(b)));
}

/// Any a / b: the first quotient of floats is off by a few hundred at most, which a second one mends.
fn quotient(a: u32, b: u32) -> u32 {
  let q = u32(f32(a) / f32(b));
  return nearby_quotient(a, b, q + u32(i32(floor(f32(i32(a - q * b)) / f32(b)))));
}
