//! y = (x - mean)*scale + shift, coef as affine.wgsl leaves them.
//! One invocation: one element, or four neighbours. Channels first or last.
//! Source: PyTorch BatchNorm, InstanceNorm, GroupNorm.
import package::lib::grid::{flat_index};
import package::lib::affine::{Params, coef_of};

alias real_x = f32;
alias lanes = f32;
alias coef_type = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> coef: array<coef_type>;
@group(0) @binding(2) var<storage, read_write> y: array<real_x>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let c = coef_of(id);
  let mean = lanes(coef[c]);
  let scale = lanes(coef[params.plane + c]);
  let shift = lanes(coef[2u * params.plane + c]);
  y[params.y_at + id] = real_x((lanes(x[params.x_at + id]) - mean) * scale + shift);
}
