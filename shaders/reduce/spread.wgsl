//! dx[i] = scale * dy[place of i]: the transpose of a sum.
//! One invocation: one element, or four.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::repeat::{place};

alias cell_b = f32;
alias num_b = f32;  // as many as a cell of b has
alias cell_y = f32;

struct Params {
  div: vec3u,
  b_at: u32,
  size: vec3u,
  y_at: u32,
  step: vec3u,
  scale: f32,
  first: u32,   // number of the first cell in y
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> b: array<cell_b>;
@group(0) @binding(1) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = cell_y(params.scale * num(num_b(b[params.b_at + place(params.first + id, params.div, params.size, params.step)])));
}
