//! coef = (mean, w[c]/sqrt(variance + eps), b[c]), three planes of [rows, channels]: y = (x - mean)*scale + shift. With LINEAR the scale alone, for y = x*scale.
//! One invocation: one channel of one row; rows are samples, or 1 where all share statistics.
import package::lib::grid::{flat_index};

alias real_w = f32;
alias real_b = f32;

struct Params {
  channels: u32,
  share: u32,      // channels that share statistics
  eps: f32,
  weight: u32,     // whether there is w,
  bias: u32,       // whether there is b
  w_at: u32,
  b_at: u32,
  count: u32,      // rows * channels
  base: u32,
}

override LINEAR: bool;

@group(0) @binding(0) var<storage, read> stats: array<vec2f>;
@group(0) @binding(1) var<storage, read> w: array<real_w>;
@group(0) @binding(2) var<storage, read> b: array<real_b>;
@group(0) @binding(3) var<storage, read_write> coef: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let c = id % params.channels;
  let s = stats[id / params.share];
  var scale = 1.0 / sqrt(s.y + params.eps);
  if (params.weight != 0u) { scale *= f32(w[params.w_at + c]); }
  var shift = 0.0;
  if (params.bias != 0u && !LINEAR) { shift = f32(b[params.b_at + c]); }
  coef[id] = select(s.x, 0.0, LINEAR);
  coef[params.count + id] = scale;
  coef[2u * params.count + id] = shift;
}
