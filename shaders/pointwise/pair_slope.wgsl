//! y[i] = scale * dy[i] * the derivative of f(a[i], b[i]) in one of its arguments; dy may be one number for all, b as in pair.
//! One invocation: one element, or four.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::binary_slope::{pair_slope};
import package::lib::repeat::{place};

override OPERAND: u32; // b: 0 a number, 1 as a lies, 2 repeated
override EACH: u32;    // dy has an element for each of a

alias cell_dy = f32;
alias num_dy = f32; // as many as a cell of dy has
alias cell_a = f32;
alias cell_b = f32;
alias num_b = f32;  // as many as a cell of b has
alias cell_y = f32;

struct Params {
  div: vec3u,
  a_at: u32,
  size: vec3u,
  b_at: u32,
  step: vec3u,
  y_at: u32,
  dy_at: u32,
  number: f32,
  scale: f32,
  first: u32,   // number of the first cell in a
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<cell_dy>;
@group(0) @binding(1) var<storage, read> a: array<cell_a>;
@group(0) @binding(2) var<storage, read> b: array<cell_b>;
@group(0) @binding(3) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(4) var<uniform> params: Params;

fn operand(id: u32) -> num {
  if (OPERAND == 0u) { return num(params.number); }
  if (OPERAND == 1u) { return num(num_b(b[params.b_at + id])); }
  return num(num_b(b[params.b_at + place(params.first + id, params.div, params.size, params.step)]));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let back = params.scale * num(num_dy(dy[params.dy_at + select(0u, id, EACH != 0u)]));
  y[params.y_at + id] = cell_y(back * pair_slope(num(a[params.a_at + id]), operand(id)));
}
