// lib/nan.wgsl - not-a-number made and found by bits: drivers may compile `x != x` to false and fold 0 / 0 to anything,
// and SwiftShader's exp(NaN) is not NaN.

fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) < 0x7f800000u;
}

/// A quiet NaN. The variable keeps the compiler from evaluating it, which WGSL forbids for constants.
fn quiet_nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}
