//! y[e] = w[e] * gamma[c] / sqrt(variance[c] + eps), c the output channel of element e of a filter; or with BIAS, of a channel c,
//! y[c] = (bias[c] - mean[c]) * gamma[c] / sqrt(variance[c] + eps) + beta[c].
//! One invocation: one element. Any filter layout by steps.
import package::lib::grid::{flat_index};

alias real_w = f32;      // of the filter, its bias and the results
alias real_gamma = f32;
alias real_beta = f32;

struct Params {
  out_size: u32,    // output channels per group
  out_step: u32,
  in_size: u32,     // input channels, where they are those of all groups
  in_step: u32,
  per_group: u32,   // of them
  eps: f32,
  biased: u32,      // whether there is a bias, gamma, beta
  scaled: u32,
  shifted: u32,
  w_at: u32,
  mean_at: u32,
  variance_at: u32,
  gamma_at: u32,
  beta_at: u32,
  count: u32,
  base: u32,
}

override BIAS: bool;

@group(0) @binding(0) var<storage, read> w: array<real_w>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<real_gamma>;
@group(0) @binding(4) var<storage, read> beta: array<real_beta>;
@group(0) @binding(5) var<storage, read_write> y: array<real_w>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let c = id / params.in_step % params.in_size / params.per_group * params.out_size + id / params.out_step % params.out_size;
  var scale = 1.0 / sqrt(variance[params.variance_at + c] + params.eps);
  if (params.scaled != 0u) { scale *= f32(gamma[params.gamma_at + c]); }
  if (!BIAS) {
    y[id] = real_w(f32(w[params.w_at + id]) * scale);
    return;
  }
  var shift = -mean[params.mean_at + c];
  if (params.biased != 0u) { shift += f32(w[params.w_at + c]); }
  shift *= scale;
  if (params.shifted != 0u) { shift += f32(beta[params.beta_at + c]); }
  y[c] = real_w(shift);
}
