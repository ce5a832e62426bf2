// lib/position.wgsl - where the pixels of a resized axis fall among the pixels it is made from: position(d) = d · step + start.
// A step is rarely a number that f32 holds (1/3, or one over a scale factor), and d · step in f32 would be off by 3e-5 of a
// pixel at pixel 500. So step and start come as whole 1024ths, with which integers compute exactly, and small rests in f32,
// which leaves an error near 1e-7 up to pixel 4000 and d · 3e-11 beyond (rest is at most 1/2048). Holds for n, o and step
// below 2^20 (src/ops/resize-options.ts refuses more).

struct Axis {
  /// Pixels before and after.
  n: u32, o: u32,
  /// step = units / 1024 + rest, start = start_units / 1024 + start_rest.
  units: u32, rest: f32,
  start_units: i32, start_rest: f32,
  /// 1 / step, or 0 for a step of 0.
  inverse: f32,
}

/// whole + part, 0 ≤ part < 1.
struct Position { whole: i32, part: f32 }

fn position(d: u32, a: Axis) -> Position {
  let fixed = i32(d * a.units) + a.start_units;
  let part = f32(fixed & 1023) * 0.0009765625 + (f32(d) * a.rest + a.start_rest);
  let carry = floor(part);
  return Position((fixed >> 10u) + i32(carry), part - carry);
}
