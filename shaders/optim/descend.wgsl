//! p = p - lr * (g + decay * p): gradient descent. rates: lr, decay.
//! One invocation: one element, or four.
//! Source: PyTorch SGD without momentum.
import package::lib::grid::{flat_index};
import package::lib::num::{num};

alias cell_p = f32;
alias cell_g = f32;

struct Params {
  p_at: u32,
  g_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read_write> p: array<cell_p>;
@group(0) @binding(1) var<storage, read> g: array<cell_g>;
@group(0) @binding(2) var<storage, read> rates: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let old = num(p[params.p_at + id]);
  p[params.p_at + id] = cell_p(old - rates[0] * (num(g[params.g_at + id]) + rates[1] * old));
}
