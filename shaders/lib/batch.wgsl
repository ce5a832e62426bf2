// lib/batch.wgsl - which matrices make a product of a batch. The including file's `Params` has d1, d2, d3 (sizes of the inner batch
// axes) and a0 … a3, b0 … b3 (how far apart, in matrices, those of a and of b stand along each axis; 0 where one is stretched).
override BROADCAST: u32 = 0u;

/// Which matrix of a (x) and of b (y) make number `batch` of out.
fn factors(batch: u32) -> vec2u {
  if (BROADCAST == 0u) { return vec2u(batch); }
  let i3 = batch % p.d3;
  let r2 = batch / p.d3;
  let i2 = r2 % p.d2;
  let r1 = r2 / p.d2;
  let i1 = r1 % p.d1;
  let i0 = r1 / p.d1;
  return vec2u(i0 * p.a0 + i1 * p.a1 + i2 * p.a2 + i3 * p.a3, i0 * p.b0 + i1 * p.b1 + i2 * p.b2 + i3 * p.b3);
}
