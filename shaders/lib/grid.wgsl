// lib/grid.wgsl - one thread per element, for tensors larger than one dispatch dimension allows.
override WG: u32 = 64;

/// Flat element index of this thread; the counterpart of `grid()` in src/runtime/kernel.ts.
fn flat_index(gid: vec3u, groups: vec3u) -> u32 {
  return gid.x + gid.y * groups.x * WG;
}
