//! c[i,m,n] = bias[n] + sum over k of a[i,m,k] * b[i,k,n], as lib/product.wgsl has it.
//! One invocation: one element of one slice. The plain plan.
//! Source: PyTorch matmul, F.linear.
import package::lib::grid::{flat_index};
import package::lib::product::{Params, place_of, result_at};

alias real_a = f32;
alias real_b = f32;
alias real_c = f32;

@group(0) @binding(0) var<storage, read> a: array<real_a>;
@group(0) @binding(1) var<storage, read> b: array<real_b>;
@group(0) @binding(2) var<storage, read> bias: array<real_b>;
@group(0) @binding(3) var<storage, read_write> c: array<real_c>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let p = place_of(id);
  var from_a = params.a_at + p.batch * params.a_batch + p.row * params.a_row + p.first * params.a_depth;
  var from_b = params.b_at + p.batch * params.b_batch + p.column * params.b_column + p.first * params.b_depth;
  var sum = 0.0;
  for (var k = p.first; k < p.end; k++) {
    sum += f32(a[from_a]) * f32(b[from_b]);
    from_a += params.a_depth;
    from_b += params.b_depth;
  }
  if (params.biased != 0u) { sum += f32(bias[params.bias_at + p.column]); }
  c[result_at(p) + p.row * params.columns + p.column] = real_c(sum);
}
