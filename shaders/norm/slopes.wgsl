//! coef = (mean, scale, slope, shift), four planes of [rows, channels], for dx = dy*scale + (x - mean)*slope + shift. With r = 1/sqrt(variance + eps)
//! and the means over the set of g = w*dy and of g*(x - mean)*r: scale = w*r, slope = -r*r*mean(g*(x - mean)*r), shift = -r*mean(g).
//! One invocation: one channel of one row; rows are samples, or 1 where all share statistics. total is [rows, channels].
//! Source: Ioffe, Szegedy, Batch Normalization (arXiv:1502.03167).
import package::lib::grid::{flat_index};

alias real_w = f32;

struct Params {
  channels: u32,
  share: u32,      // channels that share statistics
  eps: f32,
  each: f32,       // 1 / elements of a set
  weight: u32,     // whether there is w
  w_at: u32,
  count: u32,      // rows * channels
  base: u32,
}

@group(0) @binding(0) var<storage, read> stats: array<vec2f>;
@group(0) @binding(1) var<storage, read> total: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<real_w>;
@group(0) @binding(3) var<storage, read_write> coef: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn weight_of(c: u32) -> f32 {
  if (params.weight == 0u) { return 1.0; }
  return f32(w[params.w_at + c]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let owner = id / params.share;
  let c = id % params.channels;
  let first = owner * params.share;
  let first_c = c - (id - first);
  var sums = vec2f();
  for (var k = 0u; k < params.share; k++) { sums += weight_of(first_c + k) * total[first + k]; }
  let s = stats[owner];
  let r = 1.0 / sqrt(s.y + params.eps);
  let means = sums * params.each;
  coef[id] = s.x;
  coef[params.count + id] = weight_of(c) * r;
  coef[2u * params.count + id] = -r * r * means.y;
  coef[3u * params.count + id] = -r * means.x;
}
