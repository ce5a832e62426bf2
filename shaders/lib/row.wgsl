// lib/row.wgsl - rows of classes: how long they are, and the largest value of one. The including file binds `x` and gives
// `Params` a field `classes`; `is_nan` is in lib/nan.wgsl.

/// Classes, baked in where they are few. 0: they stand in p.classes, because compilers unroll loops whose length they know, and
/// twenty exponentials in a row take some of them seconds to compile.
override C: u32 = 0u;

fn classes() -> u32 {
  if (C != 0u) { return C; }
  return p.classes;
}

/// The largest value of the row that begins at `row`, or NaN if there is one.
fn row_max(row: u32) -> f32 {
  let n = classes();
  var m = x[row];
  for (var c = 1u; c < n; c++) {
    let v = x[row + c];
    if (is_nan(v) || (v > m && !is_nan(m))) { m = v; }
  }
  return m;
}
