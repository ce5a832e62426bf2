// lib/activate.wgsl - the activation at the end of a convolution or batch norm. The including file's `Params` has a field
// `activation`, one of these codes (src/kernels/epilogue.ts); 0 is none. Formulas: those of src/kernels/pointwise-table.ts.

const RELU: u32 = 1u;
const RELU6: u32 = 2u;
const HARD_SIGMOID: u32 = 3u;
const HARD_SWISH: u32 = 4u;
const SIGMOID: u32 = 5u;
const SILU: u32 = 6u;

/// 1 / (1 + e^−v); the exponential never overflows.
fn logistic(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(e, vec4f(1.0), v >= vec4f()) / (1.0 + e);
}

/// What the codes above ReLU make of a number.
fn rarely(v: vec4f) -> vec4f {
  switch (p.activation) {
    case RELU6: { return clamp(v, vec4f(), vec4f(6.0)); }
    case HARD_SIGMOID: { return clamp(v + 3.0, vec4f(), vec4f(6.0)) / 6.0; }
    case HARD_SWISH: { return v * (clamp(v + 3.0, vec4f(), vec4f(6.0)) / 6.0); }
    case SIGMOID: { return logistic(v); }
    default: { return v * logistic(v); }
  }
}

/// Keeps NaN, which max() and clamp() need not. All threads take one branch.
fn activate(v: vec4f) -> vec4f {
  let nan = (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  if (p.activation > RELU) { return select(rarely(v), v, nan); }
  return select(v, max(v, vec4f()), vec4<bool>(p.activation == RELU) & !nan);
}
