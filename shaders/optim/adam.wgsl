//! d = g + decay * p; m = b1 * m + c1 * d; v = b2 * v + c2 * d^2; p = shrink * p - step * m / (root * sqrt(v) + eps).
//! rates: step, decay, shrink, b1, c1, b2, c2, root, eps; the host has them from float64: c = 1 - b, step = lr / (1 - b1^t), root = 1 / sqrt(1 - b2^t).
//! One invocation: one element, or four.
//! Source: PyTorch Adam (decay) and AdamW (shrink).
import package::lib::grid::{flat_index};
import package::lib::num::{num};

alias cell_p = f32;
alias cell_m = f32;
alias cell_v = f32;
alias cell_g = f32;

struct Params {
  p_at: u32,
  m_at: u32,
  v_at: u32,
  g_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read_write> p: array<cell_p>;
@group(0) @binding(1) var<storage, read_write> m: array<cell_m>;
@group(0) @binding(2) var<storage, read_write> v: array<cell_v>;
@group(0) @binding(3) var<storage, read> g: array<cell_g>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let old = num(p[params.p_at + id]);
  let d = num(g[params.g_at + id]) + rates[1] * old;
  let mean = rates[3] * num(m[params.m_at + id]) + rates[4] * d;
  let spread = rates[5] * num(v[params.v_at + id]) + rates[6] * d * d;
  m[params.m_at + id] = cell_m(mean);
  v[params.v_at + id] = cell_v(spread);
  p[params.p_at + id] = cell_p(rates[2] * old - rates[0] * mean / (rates[7] * sqrt(spread) + rates[8]));
}
