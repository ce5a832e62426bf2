// lib/labels.wgsl - labels, and how much classes and pixels count. The including file binds `labels` (array<u32>: class numbers, or
// four packed bytes a word), `weight` (array<f32>, by class) and `pixel_weight` (array<f32>, by pixel).

override U8: u32 = 0u;
override WEIGHTED: u32 = 0u;
override PIXELS: u32 = 0u;

fn label(i: u32) -> u32 {
  if (U8 == 1u) { return (labels[i / 4u] >> (8u * (i % 4u))) & 255u; }
  return labels[i];
}

fn weight_of(c: u32) -> f32 {
  if (WEIGHTED == 1u) { return weight[c]; }
  return 1.0;
}

/// How much pixel i counts.
fn weight_at(i: u32) -> f32 {
  if (PIXELS == 1u) { return pixel_weight[i]; }
  return 1.0;
}
