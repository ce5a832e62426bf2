// lib/four.wgsl - four neighbouring pixels, in the order of memory, of logits that are resampled bilinearly. The including file binds
// `x` ([n, h, w, classes], f32), gives `Params` fields h, w, oh, ow and count (n · oh · ow), and defines `class_count()` and, by `Pair`s
// {a, b, weight}, `source_y(d)` and `source_x(d)`; `quotient` is in lib/divide.wgsl.
// In a row that is enlarged at least four times they read two or three coarse columns: six loads a class serve them instead of sixteen.
// Others take as many turns as it needs (`near` of the first that is left, until none is), one per pixel at most.

/// First elements of the upper and lower coarse rows; those of the left and right columns in them; weights of the right and lower ones.
struct Four { top: vec4u, bottom: vec4u, a: vec4u, b: vec4u, right: vec4f, below: vec4f }

fn four(first: u32) -> Four {
  var at: Four;
  let line = quotient(first, p.ow);
  let classes = class_count();
  for (var k = 0u; k < 4u; k++) {
    // Past the end of a row the next one begins; pixels past the last stand for that one.
    var column = min(first + k, p.count - 1u) - line * p.ow;
    var row = line;
    if (column >= p.ow) {
      row += quotient(column, p.ow);
      column -= (row - line) * p.ow;
    }
    let n = quotient(row, p.oh);
    let sy = source_y(row - n * p.oh);
    let sx = source_x(column);
    at.top[k] = (n * p.h + sy.a) * p.w * classes;
    at.bottom[k] = (n * p.h + sy.b) * p.w * classes;
    at.a[k] = sx.a * classes;
    at.b[k] = sx.b * classes;
    at.right[k] = sx.weight;
    at.below[k] = sy.weight;
  }
  return at;
}

/// Those of the four that stand in the row of one of them, on its coarse column or the next (`second`): six loads serve them all.
struct Near { top: u32, bottom: u32, columns: vec3u, second: vec4<bool>, right: vec4f, below: f32, members: vec4<bool> }

/// The company of pixel k.
fn near(at: Four, k: u32) -> Near {
  let classes = class_count();
  let last = (p.w - 1u) * classes;
  let a = at.a[k];
  let second = at.a == vec4u(a + classes);
  let members = (at.top == vec4u(at.top[k])) & (at.bottom == vec4u(at.bottom[k])) & (at.below == vec4f(at.below[k])) & ((at.a == vec4u(a)) | second);
  return Near(at.top[k], at.bottom[k], vec3u(a, min(a + classes, last), min(a + 2u * classes, last)), second, at.right, at.below[k], members);
}

/// The logits of class c of its members (and of the others, something).
fn near_logits(at: Near, c: u32) -> vec4f {
  let columns = at.columns + c;
  let u = vec3f(x[at.top + columns.x], x[at.top + columns.y], x[at.top + columns.z]);
  let l = vec3f(x[at.bottom + columns.x], x[at.bottom + columns.y], x[at.bottom + columns.z]);
  let upper = mix(select(vec4f(u.x), vec4f(u.y), at.second), select(vec4f(u.y), vec4f(u.z), at.second), at.right);
  let lower = mix(select(vec4f(l.x), vec4f(l.y), at.second), select(vec4f(l.y), vec4f(l.z), at.second), at.right);
  return mix(upper, lower, at.below);
}

fn is_nan4(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
