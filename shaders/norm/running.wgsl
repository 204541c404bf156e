//! mean[c] = (1 - momentum)*mean[c] + momentum*(mean of the batch), and the same for the unbiased variance.
//! One invocation: one channel. Source: PyTorch BatchNorm.
import package::lib::grid::{flat_index};

struct Params {
  momentum: f32,
  unbias: f32,     // n / (n - 1)
  mean_at: u32,
  variance_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> stats: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = params.base + flat_index(group, groups, local);
  if (c >= params.count) { return; }
  let new_ = stats[c];
  let m = params.mean_at + c;
  let v = params.variance_at + c;
  mean[m] += params.momentum * (new_.x - mean[m]);
  variance[v] += params.momentum * (new_.y * params.unbias - variance[v]);
}
