//! dx[n,c,p] = sum over all samples s, in order, of the weight of pixel p among the taps of s * dy[n,c,s].
//! One invocation: one element of dx, which asks every sample of its image. The plain plan, for small maps.
//! Source: PyTorch grid_sample.
import package::lib::grid::{flat_index};
import package::lib::batch::{spot_of};
import package::lib::coordinate::{DIMS, share};

alias real_x = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,       // D, H, W
  channels: u32,
  dx_stride: vec3u,    // batch, channel, pixel
  samples: u32,        // of one of the batch
  dy_stride: vec3u,    // batch, channel, sample
  channels_last: u32,
  dy_at: u32,
  dx_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_x>;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<real_x>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.x_size;
  let s = spot_of(id, u32(size.x * size.y * size.z), params.channels, params.channels_last);
  let rows = i32(s.place) / size.z;
  let z = rows / size.y;
  let p = vec3i(z, rows - z * size.y, i32(s.place) - rows * size.z);
  let from_dy = params.dy_at + s.n * params.dy_stride.x + s.c * params.dy_stride.y;
  var at = s.n * params.samples * DIMS;
  var sum = 0.0;
  for (var i = 0u; i < params.samples; i++) {
    var w = share(places[at], p.z, size.z) * share(places[at + 1u], p.y, size.y);
    if (DIMS == 3u) { w *= share(places[at + 2u], p.x, size.x); }
    if (w != 0.0) { sum += w * f32(dy[from_dy + i * params.dy_stride.z]); }
    at += DIMS;
  }
  dx[params.dx_at + s.n * params.dx_stride.x + s.c * params.dx_stride.y + s.place * params.dx_stride.z] = real_x(sum);
}
