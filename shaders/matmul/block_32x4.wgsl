//! c[i,m,n] = bias[n] + sum over k of a[i,m,k] * b[i,k,n], as lib/product.wgsl has it: as block_8x8.wgsl, for adapters whose loads are dearer than anything else.
//! One invocation: 32 (MANY) or 16 rows x 4 columns of one slice, in registers. The values of a are shared by a subgroup: a workgroup has one block of rows.
//! Source: PyTorch matmul, F.linear.
import package::lib::grid::{group_index};
import package::lib::product::{Params, place_of, result_at, store};
import package::lib::share::{EIGHT, Eight, Rows, low, high, mine, added, all_rows};

alias real_a = f32;
alias real_b = f32;
alias real_c = f32;

@group(0) @binding(0) var<storage, read> a: array<real_a>;
@group(0) @binding(1) var<storage, read> b: array<real_b>;
@group(0) @binding(2) var<storage, read> bias: array<real_b>;
@group(0) @binding(3) var<storage, read_write> c: array<real_c>;
@group(0) @binding(4) var<uniform> params: Params;

override WORKGROUP: u32;
override MANY: bool;

fn eight(first: u32, second: u32) -> Eight {
  let v = f32(a[first]);
  if (EIGHT) { return Eight(low(v), high(v)); }
  return Eight(low(v), low(f32(a[second])));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let height = select(16u, 32u, MANY);
  let row = height * p.row;
  let column = 4u * WORKGROUP * p.column + local;
  let last = vec4u(params.rows - 1u);
  var from_a = params.a_at + p.batch * params.a_batch + p.first * params.a_depth;
  let o = min(row + mine(lane), last) * params.a_row;
  let q = min(row + 4u + mine(lane), last) * params.a_row;
  let columns = min(column + WORKGROUP * vec4u(0u, 1u, 2u, 3u), vec4u(params.columns - 1u));
  var at_b = params.b_at + p.batch * params.b_batch + p.first * params.b_depth + columns * params.b_column;
  var s = Rows();
  var t = Rows();
  var u = Rows();
  var v = Rows();
  for (var k = p.first; k < p.end; k++) {
    let x = vec4f(f32(b[at_b.x]), f32(b[at_b.y]), f32(b[at_b.z]), f32(b[at_b.w]));
    s = added(s, eight(from_a + o.x, from_a + q.x), x);
    t = added(t, eight(from_a + o.y, from_a + q.y), x);
    if (MANY) {
      u = added(u, eight(from_a + o.z, from_a + q.z), x);
      v = added(v, eight(from_a + o.w, from_a + q.w), x);
    }
    from_a += params.a_depth;
    at_b += params.b_depth;
  }
  let at = result_at(p);
  let sums = all_rows(s, t, u, v);
  for (var r = 0u; r < min(params.rows - row, height); r++) { store(at, row + r, column, WORKGROUP, sums[r]); }
}
