//! stats[c] = (mean[c], variance[c]): running statistics in the place of those of a batch.
//! One invocation: one channel.
import package::lib::grid::{flat_index};

struct Params {
  mean_at: u32,
  variance_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> mean: array<f32>;
@group(0) @binding(1) var<storage, read> variance: array<f32>;
@group(0) @binding(2) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = params.base + flat_index(group, groups, local);
  if (c >= params.count) { return; }
  stats[c] = vec2f(mean[params.mean_at + c], variance[params.variance_at + c]);
}
