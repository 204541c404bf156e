//! c[i] = bias[i % columns] + sum over slices s of part[s,i], in their order; of no slices, the bias.
//! One invocation: one element.
import package::lib::grid::{flat_index};

alias real_b = f32;
alias real_c = f32;

struct Params {
  slices: u32,
  columns: u32,
  biased: u32,    // whether there is a bias
  bias_at: u32,
  c_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<real_b>;
@group(0) @binding(2) var<storage, read_write> c: array<real_c>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.slices; s++) { sum += part[s * params.count + id]; }
  if (params.biased != 0u) { sum += f32(bias[params.bias_at + id % params.columns]); }
  c[params.c_at + id] = real_c(sum);
}
