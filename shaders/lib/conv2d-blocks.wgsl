// lib/conv2d-blocks.wgsl - what convolutions in registers are told, whether lanes load for themselves (conv2d-direct.wgsl) or for one
// another (conv2d-lanes.wgsl): the layouts of their bindings stand in their heads.
struct Params {
  total: u32,   // threads with work
  pixels: u32,  // n·oh·ow
  h: u32, w: u32,
  oh: u32, ow: u32,
  c: u32,       // channels of x
  cg: u32,      // channels of one group of x
  o4: u32,      // vec4s of output channels
  group4: u32,  // vec4s of output channels in one group
  top: u32, left: u32,
  out_stride: u32, out_offset: u32, // in vec4s
  kh: u32, kw: u32,
  sh: u32, sw: u32,
  dh: u32, dw: u32,
  activation: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
