//! y[i] = f(a[i], b[i]); b repeats along axes that it has not, or is a number.
//! One invocation: one element, or four.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::binary::{pair};
import package::lib::repeat::{place};

override OPERAND: u32; // b: 0 a number, 1 as a lies, 2 repeated

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
  number: f32,
  first: u32,   // number of the first cell in a
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> a: array<cell_a>;
@group(0) @binding(1) var<storage, read> b: array<cell_b>;
@group(0) @binding(2) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(3) var<uniform> params: Params;

fn operand(id: u32) -> num {
  if (OPERAND == 0u) { return num(params.number); }
  if (OPERAND == 1u) { return num(num_b(b[params.b_at + id])); }
  return num(num_b(b[params.b_at + place(params.first + id, params.div, params.size, params.step)]));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = cell_y(pair(num(a[params.a_at + id]), operand(id)));
}
