// confusion-matrix - how often each true class was predicted as each class, in exact whole numbers.
//
//   counts[image, truth, guess] = number of i in the image with labels[i] = truth and predicted[i] = guess
//   accumulate: total + counts, where total holds 64-bit numbers as two planes of u32, low words first
//
// Layouts: labels and predicted [images, n] as u32 or i32, or packed u8 (LABELS_U8, PREDICTED_U8 = 1); counts [images, C, G]
// u32; total [2, size] u32.
// Entries: `zero`: one thread per count. `count`: one thread per RUN neighbouring elements; masks are made of
// areas, so a thread adds up while the pair stays the same and needs an atomic addition only where it changes: few collisions,
// no workgroup memory. Additions of integers commute, so the counts do not depend on the order. `accumulate`: one thread per count.
// Edges: ignored labels are skipped, and so are labels outside 0 … C − 1 and predictions outside 0 … G − 1. No run crosses images.

//!include "lib/grid.wgsl"

/// `n`: elements of one image; `runs`: threads for one image; for `zero` and `accumulate`, n counts.
struct Params { n: u32, images: u32, runs: u32, ignored: u32 }

/// Elements per thread; a multiple of 4.
const RUN: u32 = 64u; //!tune

override C: u32 = 2u;
override G: u32 = 2u;
override LABELS_U8: u32 = 0u;
override PREDICTED_U8: u32 = 0u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> predicted: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;
@group(0) @binding(4) var<storage, read> total: array<u32>;
@group(0) @binding(5) var<storage, read> added: array<u32>;

fn label(i: u32) -> u32 {
  if (LABELS_U8 == 1u) { return (labels[i / 4u] >> (8u * (i % 4u))) & 255u; }
  return labels[i];
}

fn guess(i: u32) -> u32 {
  if (PREDICTED_U8 == 1u) { return (predicted[i / 4u] >> (8u * (i % 4u))) & 255u; }
  return predicted[i];
}

/// The cell of its image that element i falls into, or C·G for none.
fn cell(i: u32) -> u32 {
  let truth = label(i);
  let found = guess(i);
  if (truth == p.ignored || truth >= C || found >= G) { return C * G; }
  return truth * G + found;
}

@compute @workgroup_size(WG)
fn zero(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n) { return; }
  out[t] = 0u;
}

@compute @workgroup_size(WG)
fn count(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.images * p.runs) { return; }
  let image = t / p.runs;
  let begin = (t % p.runs) * RUN;
  let home = image * C * G;
  var current = C * G;
  var length = 0u;
  for (var k = 0u; k < RUN; k++) {
    if (begin + k >= p.n) { break; }
    let next = cell(image * p.n + begin + k);
    if (next != current) {
      if (current < C * G) { atomicAdd(&counts[home + current], length); }
      current = next;
      length = 0u;
    }
    length += 1u;
  }
  if (current < C * G) { atomicAdd(&counts[home + current], length); }
}

@compute @workgroup_size(WG)
fn accumulate(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let t = flat_index(gid, groups);
  if (t >= p.n) { return; }
  let low = total[t] + added[t];
  out[t] = low;
  out[p.n + t] = total[p.n + t] + select(0u, 1u, low < added[t]);
}
