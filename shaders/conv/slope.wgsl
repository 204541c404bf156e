//! z[i] = dy[i] * act'(z[i]): the gradient before an activation, in the place of the values before it.
//! One invocation: one element.
import package::lib::grid::{flat_index};
import package::lib::act::{act_slope};

alias real_y = f32;

struct Params {
  y_at: u32,
  z_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_y>;
@group(0) @binding(1) var<storage, read_write> z: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  z[params.z_at + id] = f32(dy[params.y_at + id]) * act_slope(z[params.z_at + id]);
}
