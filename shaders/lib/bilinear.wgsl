// lib/bilinear.wgsl - where the pixels of a bilinearly resampled axis come from, and the other way round. Positions are exact fractions
// of integers below 2^31 (for n·o < 2^30): f = max(d·mul + add, sub) − sub over den, see resize.wgsl. `small_quotient` is in lib/divide.wgsl.

/// Two neighbours along an axis and how much the second one weighs.
struct Pair { a: u32, b: u32, weight: f32 }

/// The inputs, of `size`, that output d reads; past the edge it is the edge.
fn pair_of(d: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> Pair {
  let f = max(d * mul + add, sub) - sub;
  let whole = small_quotient(f, den);
  let a = min(whole, size - 1u);
  return Pair(a, min(a + 1u, size - 1u), f32(f - whole * den) / f32(den));
}

/// First output whose position is at least `limit` / den, at most `size`; the limit may be negative.
fn first_at(limit: i32, size: u32, mul: u32) -> u32 {
  if (limit <= 0) { return 0u; }
  if (mul == 0u) { return size; }
  return min(small_quotient(u32(limit) + mul - 1u, mul), size);
}

/// Outputs [start, end), of `size`, that read input i: i − 1 < f < i + 1.
fn readers_of(i: u32, size: u32, mul: u32, add: u32, sub: u32, den: u32) -> vec2u {
  let shift = i32(sub) - i32(add);
  // Input 0 is also what positions clamped to 0 read; f > i − 1 is the integer limit den·(i − 1) + 1.
  let above = select(i32(den * (i - 1u)) + 1 + shift, 0, i == 0u);
  return vec2u(first_at(above, size, mul), first_at(i32(den * (i + 1u)) + shift, size, mul));
}

/// How much a reader takes from input i: the weights of a pair that name it.
fn share_of(pair: Pair, i: u32) -> f32 {
  return select(0.0, 1.0 - pair.weight, pair.a == i) + select(0.0, pair.weight, pair.b == i);
}
