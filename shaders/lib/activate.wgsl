// lib/activate.wgsl - the activation at the end of a convolution. The including file's `Params` has a field `relu`, 1 or 0.

/// ReLU keeps NaN, which max() need not.
fn activate(v: vec4f) -> vec4f {
  let nan = (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  return select(v, max(v, vec4f()), vec4<bool>(p.relu == 1u) & !nan);
}
