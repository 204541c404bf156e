//! y[o,c,i] = exp(x[o,c,i] - m) / s, m the largest of c, s the sum of exp(x[o,c,i] - m) over c; LOG: x[o,c,i] - m - log(s).
//! One invocation: all c of one o and i, or of four i. x and y are [outer, classes, inner].
//! Source: PyTorch softmax, log_softmax.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::kept::{exp_of, log_of};

override LOG: u32;

alias cell_x = f32;
alias cell_y = f32;

struct Params {
  classes: u32,
  inner: u32,
  x_at: u32,
  y_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<cell_x>;
@group(0) @binding(1) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let o = id / params.inner;
  let first = o * params.classes * params.inner + id - o * params.inner;
  let end = first + params.classes * params.inner;
  var top = num(x[params.x_at + first]);
  for (var at = first; at < end; at += params.inner) {
    let v = num(x[params.x_at + at]);
    top = select(top, v, v > top);
  }
  var sum = num(0.0);
  for (var at = first; at < end; at += params.inner) { sum += exp_of(num(x[params.x_at + at]) - top); }
  let less = log_of(sum);
  for (var at = first; at < end; at += params.inner) {
    let d = num(x[params.x_at + at]) - top;
    if (LOG != 0u) { y[params.y_at + at] = cell_y(d - less); } else { y[params.y_at + at] = cell_y(exp_of(d) / sum); }
  }
}
