//! y[i] = weight[labels[i]], 0 where it is ignored.
//! One invocation: one position.
import package::lib::grid::{flat_index};
import package::lib::label::{WEIGHTED, counts};

alias real_w = f32;

struct Params {
  classes: u32,
  ignored: u32,
  labels_at: u32,
  weight_at: u32,
  y_at: u32,
  nan: f32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> labels: array<u32>;
@group(0) @binding(1) var<storage, read> weight: array<real_w>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let label = labels[params.labels_at + id];
  let w = f32(weight[params.weight_at + select(0u, min(label, params.classes - 1u), WEIGHTED != 0u)]);
  y[params.y_at + id] = counts(label, params.classes, params.ignored, w, params.nan);
}
