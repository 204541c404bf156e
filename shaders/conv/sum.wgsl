//! dw[a,b,t] = sum over slices s of part[s,a,b,t], in that order: the second half of a sum that was cut into slices.
//! One invocation: one element. part is [slices, count]; dw has the filter's own strides.
import package::lib::grid::{flat_index};

alias real_w = f32;

struct Params {
  kernel: vec3u,
  channels: u32,
  taps: vec3u,     // strides of dw: from tap to tap,
  row: u32,        // from row to row,
  channel: u32,    // from channel to channel
  dw_at: u32,
  slices: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<real_w>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var sum = 0.0;
  var at = id;
  for (var s = 0u; s < params.slices; s++) {
    sum += part[at];
    at += params.count;
  }
  let lines = id / params.kernel.z;
  let planes = lines / params.kernel.y;
  let b = planes / params.kernel.x;
  let a = b / params.channels;
  dw[params.dw_at + a * params.row + (b - a * params.channels) * params.channel + (planes - b * params.kernel.x) * params.taps.x
    + (lines - planes * params.kernel.y) * params.taps.y + (id - lines * params.kernel.z) * params.taps.z] = real_w(sum);
}
