//! y[i] = g[i] * dy[i] * f''(x[i]): the gradient, with respect to x, of dy * f'(x).
//! One invocation: one element, or four.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::unary::{curve_of};

alias cell_g = f32;
alias cell_dy = f32;
alias cell_x = f32;
alias cell_y = f32;

struct Params {
  g_at: u32,
  dy_at: u32,
  x_at: u32,
  y_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> g: array<cell_g>;
@group(0) @binding(1) var<storage, read> dy: array<cell_dy>;
@group(0) @binding(2) var<storage, read> x: array<cell_x>;
@group(0) @binding(3) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = cell_y(num(g[params.g_at + id]) * num(dy[params.dy_at + id]) * curve_of(num(x[params.x_at + id])));
}
