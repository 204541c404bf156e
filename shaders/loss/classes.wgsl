//! y[n,p] = weight[t] * (log of the sum over c of exp(x[n,c,p]) - x[n,t,p]), t = labels[n,p]; with TOTAL also weight[t], behind all of y.
//! One invocation: one position. Any layout of x by strides.
//! Source: PyTorch CrossEntropyLoss.
import package::lib::grid::{flat_index};
import package::lib::kept::{exp_of, log_of};
import package::lib::label::{WEIGHTED, counts};

override TOTAL: u32;

alias real_x = f32;
alias real_w = f32;
alias real_y = f32;

struct Params {
  classes: u32,
  positions: u32,  // of a sample
  sample: u32,     // strides of x
  class_: u32,
  position: u32,
  ignored: u32,
  x_at: u32,
  labels_at: u32,
  weight_at: u32,
  y_at: u32,
  total: u32,      // where the weights begin in y
  nan: f32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<real_w>;
@group(0) @binding(3) var<storage, read_write> y: array<real_y>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let label = labels[params.labels_at + id];
  let safe = min(label, params.classes - 1u);
  let w = counts(label, params.classes, params.ignored, f32(weight[params.weight_at + select(0u, safe, WEIGHTED != 0u)]), params.nan);
  let n = id / params.positions;
  let first = params.x_at + n * params.sample + (id - n * params.positions) * params.position;
  var top = f32(x[first]);
  for (var c = 1u; c < params.classes; c++) {
    let v = f32(x[first + c * params.class_]);
    top = select(top, v, v > top);
  }
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) { sum += exp_of(f32(x[first + c * params.class_]) - top); }
  let loss = w * (log_of(sum) + (top - f32(x[first + safe * params.class_])));
  y[params.y_at + id] = real_y(select(loss, 0.0, label == params.ignored));
  if (TOTAL != 0u) { y[params.total + id] = real_y(w); }
}
