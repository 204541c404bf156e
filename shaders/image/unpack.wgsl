//! y[c,i,j] = (byte c of x[i,j] / 255 - mean[c]) / std[c]
//! One invocation: one pixel. x: rows of 8-bit RGBA words, padded to `row` words; y: [CHANNELS, H, W] in any layout, by strides.

alias real = f32;
override CHANNELS: u32;

struct Params {
  mean: vec4f,
  deviation: vec4f,
  size: vec2u,      // W, H
  strides: vec2u,   // of y, from column to column and from row to row
  plane: u32,       // stride of y from channel to channel
  row: u32,         // words from row to row of x
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<real>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let j = group.x * 64u + local;
  let i = group.z * groups.y + group.y; // rows beyond the limit of y go on in z
  if (j >= params.size.x || i >= params.size.y) { return; }
  let value = (unpack4x8unorm(x[i * params.row + j]) - params.mean) / params.deviation;
  let at = j * params.strides.x + i * params.strides.y;
  for (var c = 0u; c < CHANNELS; c++) { y[at + c * params.plane] = real(value[c]); }
}
