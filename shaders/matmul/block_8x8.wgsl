//! c[i,m,n] = bias[n] + sum over k of a[i,m,k] * b[i,k,n], as lib/product.wgsl has it.
//! One invocation: 8 rows x 8 columns of one slice, in registers.
//! Source: PyTorch matmul, F.linear.
import package::lib::grid::{flat_index};
import package::lib::product::{Params, place_of, result_at, store};

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
  let row = 8u * p.row;
  let column = 8u * p.column;
  let four = vec4u(0u, 1u, 2u, 3u);
  let last_row = vec4u(params.rows - 1u);
  let last_column = vec4u(params.columns - 1u);
  let from_a = params.a_at + p.batch * params.a_batch + p.first * params.a_depth;
  let from_b = params.b_at + p.batch * params.b_batch + p.first * params.b_depth;
  var a0 = from_a + min(row + four, last_row) * params.a_row;
  var a1 = from_a + min(row + 4u + four, last_row) * params.a_row;
  var b0 = from_b + min(column + four, last_column) * params.b_column;
  var b1 = from_b + min(column + 4u + four, last_column) * params.b_column;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
  var t0 = vec4f(); var t1 = vec4f(); var t2 = vec4f(); var t3 = vec4f();
  var t4 = vec4f(); var t5 = vec4f(); var t6 = vec4f(); var t7 = vec4f();
  for (var k = p.first; k < p.end; k++) {
    let u = vec4f(f32(b[b0.x]), f32(b[b0.y]), f32(b[b0.z]), f32(b[b0.w]));
    let v = vec4f(f32(b[b1.x]), f32(b[b1.y]), f32(b[b1.z]), f32(b[b1.w]));
    let f0 = f32(a[a0.x]);
    s0 += f0 * u;
    t0 += f0 * v;
    let f1 = f32(a[a0.y]);
    s1 += f1 * u;
    t1 += f1 * v;
    let f2 = f32(a[a0.z]);
    s2 += f2 * u;
    t2 += f2 * v;
    let f3 = f32(a[a0.w]);
    s3 += f3 * u;
    t3 += f3 * v;
    let f4 = f32(a[a1.x]);
    s4 += f4 * u;
    t4 += f4 * v;
    let f5 = f32(a[a1.y]);
    s5 += f5 * u;
    t5 += f5 * v;
    let f6 = f32(a[a1.z]);
    s6 += f6 * u;
    t6 += f6 * v;
    let f7 = f32(a[a1.w]);
    s7 += f7 * u;
    t7 += f7 * v;
    a0 += params.a_depth;
    a1 += params.a_depth;
    b0 += params.b_depth;
    b1 += params.b_depth;
  }
  let at = result_at(p);
  store(at, row + 0u, column, 1u, s0);
  store(at, row + 0u, column + 4u, 1u, t0);
  store(at, row + 1u, column, 1u, s1);
  store(at, row + 1u, column + 4u, 1u, t1);
  store(at, row + 2u, column, 1u, s2);
  store(at, row + 2u, column + 4u, 1u, t2);
  store(at, row + 3u, column, 1u, s3);
  store(at, row + 3u, column + 4u, 1u, t3);
  store(at, row + 4u, column, 1u, s4);
  store(at, row + 4u, column + 4u, 1u, t4);
  store(at, row + 5u, column, 1u, s5);
  store(at, row + 5u, column + 4u, 1u, t5);
  store(at, row + 6u, column, 1u, s6);
  store(at, row + 6u, column + 4u, 1u, t6);
  store(at, row + 7u, column, 1u, s7);
  store(at, row + 7u, column + 4u, 1u, t7);
}
