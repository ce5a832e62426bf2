// lib/conv2d-planes.wgsl - what strided input gradients in registers are told (conv2d-direct-input-gradient.wgsl and
// conv2d-lanes-input-gradient.wgsl, where layouts stand), and the planes into which their pixels fall.
struct Params {
  total: u32,   // threads with work (of lanes: in one plane)
  tiles: u32,   // of TP pixels, in one plane
  n: u32,
  h: u32, w: u32,   // of the result
  gh: u32, gw: u32, // of grad
  gc: u32,      // channels of grad
  k: u32,       // channels of one group of grad
  c4: u32,      // vec4s of result channels
  group4: u32,  // vec4s of result channels in one group
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;

/// Pixels with the remainders `ry` and `rx`: rows and columns of their plane.
struct Plane { ry: u32, rx: u32, rows: u32, columns: u32 }

fn plane_of(index: u32) -> Plane {
  let ry = index / p.sw;
  let rx = index % p.sw;
  return Plane(ry, rx, (p.h + p.sh - 1u - ry) / p.sh, (p.w + p.sw - 1u - rx) / p.sw);
}
