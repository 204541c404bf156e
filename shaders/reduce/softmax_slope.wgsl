//! dx[o,c,i] = y[o,c,i] * (dy[o,c,i] - sum over d of dy[o,d,i] * y[o,d,i]); LOG: dy[o,c,i] - exp(y[o,c,i]) * sum over d of dy[o,d,i].
//! One invocation: all c of one o and i, or of four i. dy, y and dx are [outer, classes, inner]; y is the result of the forward call.
//! Source: PyTorch softmax, log_softmax.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::kept::{exp_of};

override LOG: u32;

alias cell_dy = f32;
alias cell_y = f32;
alias cell_dx = f32;

struct Params {
  classes: u32,
  inner: u32,
  dy_at: u32,
  y_at: u32,
  dx_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<cell_dy>;
@group(0) @binding(1) var<storage, read> y: array<cell_y>;
@group(0) @binding(2) var<storage, read_write> dx: array<cell_dx>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let o = id / params.inner;
  let first = o * params.classes * params.inner + id - o * params.inner;
  let end = first + params.classes * params.inner;
  var sum = num(0.0);
  for (var at = first; at < end; at += params.inner) {
    let back = num(dy[params.dy_at + at]);
    if (LOG != 0u) { sum += back; } else { sum += back * num(y[params.y_at + at]); }
  }
  for (var at = first; at < end; at += params.inner) {
    let back = num(dy[params.dy_at + at]);
    let v = num(y[params.y_at + at]);
    if (LOG != 0u) { dx[params.dx_at + at] = cell_dx(back - exp_of(v) * sum); } else { dx[params.dx_at + at] = cell_dx(v * (back - sum)); }
  }
}
