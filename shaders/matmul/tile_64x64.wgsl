//! c[i,m,n] = bias[n] + sum over k of a[i,m,k] * b[i,k,n], as lib/product.wgsl has it.
//! One workgroup: 64 rows x 64 columns of one slice, 16 depths at a time through workgroup memory; one invocation: 4 rows x 4 columns.
//! Source: PyTorch matmul, F.linear.
import package::lib::grid::{group_index};
import package::lib::product::{Params, place_of, result_at, store};

alias real_a = f32;
alias real_b = f32;
alias real_c = f32;

@group(0) @binding(0) var<storage, read> a: array<real_a>;
@group(0) @binding(1) var<storage, read> b: array<real_b>;
@group(0) @binding(2) var<storage, read> bias: array<real_b>;
@group(0) @binding(3) var<storage, read_write> c: array<real_c>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> as_: array<vec4f, 256>;
var<workgroup> bs: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let tx = local % 16u;
  let ty = local / 16u;
  // Rows of an invocation are neighbours, columns stand 16 apart. Which of depth and place varies with tx decides how loads fall together.
  let row = 64u * p.row;
  let column = 64u * p.column;
  let four = vec4u(0u, 1u, 2u, 3u);
  let along_a = select(vec2u(tx, ty), vec2u(ty, tx), params.a_depth == 1u);
  let along_b = select(vec2u(tx, ty), vec2u(ty, tx), params.b_depth == 1u);
  let rows = row + 4u * along_a.x + four;
  let columns = column + along_b.x + 16u * four;
  let from_a = params.a_at + p.batch * params.a_batch + min(rows, vec4u(params.rows - 1u)) * params.a_row;
  let from_b = params.b_at + p.batch * params.b_batch + min(columns, vec4u(params.columns - 1u)) * params.b_column;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var first = p.first; first < p.end; first += 16u) {
    var f = vec4f();
    let depth_a = first + along_a.y;
    if (depth_a < p.end) {
      let at = from_a + depth_a * params.a_depth;
      f = vec4f(f32(a[at.x]), f32(a[at.y]), f32(a[at.z]), f32(a[at.w]));
    }
    var v = vec4f();
    let depth_b = first + along_b.y;
    if (depth_b < p.end) {
      let at = from_b + depth_b * params.b_depth;
      v = vec4f(f32(b[at.x]), f32(b[at.y]), f32(b[at.z]), f32(b[at.w]));
    }
    workgroupBarrier();
    as_[along_a.y * 16u + along_a.x] = f;
    bs[along_b.y * 16u + along_b.x] = v;
    workgroupBarrier();
    for (var e = 0u; e < 16u; e++) {
      let g = as_[e * 16u + ty];
      let w = bs[e * 16u + tx];
      s0 += g.x * w;
      s1 += g.y * w;
      s2 += g.z * w;
      s3 += g.w * w;
    }
  }
  let at = result_at(p);
  store(at, row + 4u * ty, column + tx, 16u, s0);
  store(at, row + 4u * ty + 1u, column + tx, 16u, s1);
  store(at, row + 4u * ty + 2u, column + tx, 16u, s2);
  store(at, row + 4u * ty + 3u, column + tx, 16u, s3);
}
