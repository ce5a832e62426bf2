// lib/step.wgsl - values that change with every call of a plan: learning rates, step numbers, seeds.
// The host writes the block once per call; a kernel learns from a field of its Params which slots (32-bit words) are its own.
// Words are kept as integers, because a small integer seen as a float is denormal, and some GPUs flush those to zero.

struct StepBlock { slots: array<vec4u, 16> }

@group(0) @binding(9) var<uniform> step: StepBlock;

/// The whole number in slot 0 … 63.
fn step_u32(slot: u32) -> u32 {
  return step.slots[slot / 4u][slot % 4u];
}

/// The float in slot 0 … 63.
fn step_f32(slot: u32) -> f32 {
  return bitcast<f32>(step_u32(slot));
}
