//! dx[n,c,p] = k * (s[c] - [c = t]), k = dy[n,p] * weight[t] / total, s = softmax of x[n,:,p], t = labels[n,p]: the gradient of cross entropy.
//! TWICE: dx[n,c,p] = k * s[c] * (g[n,c,p] - sum over d of g[n,d,p] * s[d]): what a gradient g of that is in x.
//! One invocation: one position. Any layout of x, g and dx by strides. A position that is ignored gets 0.
//! Source: PyTorch CrossEntropyLoss.
import package::lib::grid::{flat_index};
import package::lib::kept::{exp_of};
import package::lib::label::{WEIGHTED, counts};

override TWICE: u32;
override EACH: u32;   // dy has an element for each position
override TOTAL: u32;  // divides by total[0]

alias real_dy = f32;
alias real_x = f32;
alias real_w = f32;

struct Params {
  classes: u32,
  positions: u32,  // of a sample
  sample: u32,     // strides of x, g and dx
  class_: u32,
  position: u32,
  ignored: u32,
  dy_at: u32,
  x_at: u32,
  g_at: u32,
  labels_at: u32,
  weight_at: u32,
  y_at: u32,
  nan: f32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_dy>;
@group(0) @binding(1) var<storage, read> x: array<real_x>;
@group(0) @binding(2) var<storage, read> g: array<real_x>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> weight: array<real_w>;
@group(0) @binding(5) var<storage, read> total: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<real_x>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let n = id / params.positions;
  let first = n * params.sample + (id - n * params.positions) * params.position;
  let label = labels[params.labels_at + id];
  let w = f32(weight[params.weight_at + select(0u, min(label, params.classes - 1u), WEIGHTED != 0u)]);
  var k = f32(dy[params.dy_at + select(0u, id, EACH != 0u)]) * counts(label, params.classes, params.ignored, w, params.nan);
  if (TOTAL != 0u) { k /= total[0]; }
  var top = f32(x[params.x_at + first]);
  for (var c = 1u; c < params.classes; c++) {
    let v = f32(x[params.x_at + first + c * params.class_]);
    top = select(top, v, v > top);
  }
  var sum = 0.0;
  var mean = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    let at = first + c * params.class_;
    let e = exp_of(f32(x[params.x_at + at]) - top);
    sum += e;
    if (TWICE != 0u) { mean += e * f32(g[params.g_at + at]); }
  }
  mean /= sum;
  for (var c = 0u; c < params.classes; c++) {
    let at = first + c * params.class_;
    let s = exp_of(f32(x[params.x_at + at]) - top) / sum;
    var slope = s - select(0.0, 1.0, c == label);
    if (TWICE != 0u) { slope = s * (f32(g[params.g_at + at]) - mean); }
    y[params.y_at + at] = real_x(select(k * slope, 0.0, label == params.ignored));
  }
}
