//! y[n,o,c] = sum over the taps t of row o of r[o,t] * x[n,start[o]+t,c]; fill where the row has no taps.
//! One invocation: one output, or four neighbouring ones along c. One axis of a separable map; x and y are [outer, axis, inner].
//! table: (start, ptr) for every output and one ptr more, then the weights that ptr points to, as f32 bits.
//! Source: PyTorch interpolate; ONNX Resize-19.
import package::lib::grid::{flat_index};
import package::lib::long::{Sum, add, total};

alias x_type = f32;
alias y_type = f32;
alias lanes = f32;

struct Params {
  x_axis: u32,
  y_axis: u32,
  inner: u32,  // in units of x_type
  count: u32,  // elements of y, in units of y_type
  base: u32,
  x_at: u32,
  y_at: u32,
  fill: f32,
}

@group(0) @binding(0) var<storage, read> x: array<x_type>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<y_type>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let line = id / params.inner;
  let c = id - line * params.inner;
  let n = line / params.y_axis;
  let row = 2u * (line - n * params.y_axis);
  let begin = table[row + 1u];
  let taps = table[row + 3u] - begin;
  var at = params.x_at + (n * params.x_axis + table[row]) * params.inner + c;
  var sum = Sum();
  for (var t = 0u; t < taps; t++) {
    add(&sum, t, bitcast<f32>(table[begin + t]) * lanes(x[at]));
    at += params.inner;
  }
  var value = total(sum);
  if (taps == 0u) { value = lanes(params.fill); }
  y[params.y_at + id] = y_type(value);
}
