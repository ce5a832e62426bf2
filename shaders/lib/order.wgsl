// lib/order.wgsl - whole numbers in the order of the values they stand for: a < b exactly when key(a) < key(b).
// Of floats −0 and 0 are equal and every NaN is larger than +infinity, as PyTorch and NumPy sort them. `is_nan` is in lib/nan.wgsl.

fn float_key(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  if (is_nan(v)) { return 0xffffffffu; }
  if (bits == 0x80000000u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
}

/// Of the word of an i32 or a u32.
fn whole_key(word: u32, is_signed: bool) -> u32 {
  return select(word, word ^ 0x80000000u, is_signed);
}
