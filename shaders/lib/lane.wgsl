// lib/lane.wgsl - the elements that one thread folds. The including file gives `Params` fields `extent` and `chunks`.

struct Lane { first: u32, stride: u32, count: u32 }

/// The elements of thread t when `inner` of them lie side by side: `count` from `first`, `stride` apart.
fn lane(t: u32, inner: u32) -> Lane {
  let i = t % inner;
  let chunk = t / inner % p.chunks;
  let o = t / (inner * p.chunks);
  return Lane((o * p.extent + chunk) * inner + i, p.chunks * inner, (p.extent - chunk + p.chunks - 1u) / p.chunks);
}
