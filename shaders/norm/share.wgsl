//! dw[c] = sum over rows of total[row,c].y, or with BIAS db[c] = sum over rows of total[row,c].x, in their order; of no rows, 0.
//! One invocation: one channel.
import package::lib::grid::{flat_index};

alias real_w = f32;

struct Params {
  rows: u32,
  count: u32,   // channels
  base: u32,
}

override BIAS: bool;

@group(0) @binding(0) var<storage, read> total: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> dw: array<real_w>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = params.base + flat_index(group, groups, local);
  if (c >= params.count) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) {
    let v = total[row * params.count + c];
    sum += select(v.y, v.x, BIAS);
  }
  dw[c] = real_w(sum);
}
