// lib/plane.wgsl - one thread per value of a feature map, or per vec4 of channels, without dividing by anything but
// constants: x of the grid runs over the pixels of a row and their channels, y over rows, z over images. The entry point
// returns when gid.x reaches the row's end. (Integer division by a variable costs software adapters more than the rest.)
override WG: u32 = 64;

/// Where a thread stands: channel (or vec4 of channels), column, row, image.
struct Place { c: u32, x: u32, y: u32, n: u32 }

fn place(gid: vec3u, channels: u32) -> Place {
  return Place(gid.x % channels, gid.x / channels, gid.y, gid.z);
}

/// Flat index of the thread's value in a dense [n, height, width, channels].
fn flat(gid: vec3u, height: u32, width: u32, channels: u32) -> u32 {
  return (gid.z * height + gid.y) * width * channels + gid.x;
}
