//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: as correlate_8x4.wgsl, with fewer loads per product.
//! One invocation: 8 rows x 8 columns, one slice of the sum. Any layout by strides.
//! Source: PyTorch Conv2d, ConvTranspose2d.
import package::lib::grid::{group_index};
import package::lib::pairs::{Params, place_of, columns_of, line_of, within};

alias real_small = f32;
alias real_large = f32;
alias real_w = f32;

@group(0) @binding(0) var<storage, read> small: array<real_small>;
@group(0) @binding(1) var<storage, read> large: array<real_large>;
@group(0) @binding(2) var<storage, read_write> dw: array<real_w>;
@group(0) @binding(3) var<uniform> params: Params;

override WORKGROUP: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let slice = p.slice;
  let g = p.group;
  let first = 8u * WORKGROUP * p.column + local;
  let c = columns_of(first, WORKGROUP);
  let f = columns_of(first + 4u * WORKGROUP, WORKGROUP);
  let row = 8u * p.row;
  let c_w = vec4i(c.w) * params.dilation.z - params.pad.z;
  let f_w = vec4i(f.w) * params.dilation.z - params.pad.z;
  let ss = params.small_stride;
  let ls = params.large_stride;
  let plane = params.large_at + g * params.channels * params.large_channel;
  let last = params.rows - 1u;
  let sc = params.small_channel;
  let small0 = params.small_at + (g * params.rows + row) * sc;
  let o1 = min(1u, last - row) * sc;
  let o2 = min(2u, last - row) * sc;
  let o3 = min(3u, last - row) * sc;
  let o4 = min(4u, last - row) * sc;
  let o5 = min(5u, last - row) * sc;
  let o6 = min(6u, last - row) * sc;
  let o7 = min(7u, last - row) * sc;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
  var t0 = vec4f(); var t1 = vec4f(); var t2 = vec4f(); var t3 = vec4f();
  var t4 = vec4f(); var t5 = vec4f(); var t6 = vec4f(); var t7 = vec4f();
  let end = min((slice + 1u) * params.per_slice, params.lines);
  for (var l = slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let c_d = i32(line.d) * params.stride.x + vec4i(c.d) * params.dilation.x - params.pad.x;
    let f_d = i32(line.d) * params.stride.x + vec4i(f.d) * params.dilation.x - params.pad.x;
    let c_h = i32(line.h) * params.stride.y + vec4i(c.h) * params.dilation.y - params.pad.y;
    let f_h = i32(line.h) * params.stride.y + vec4i(f.h) * params.dilation.y - params.pad.y;
    let c_ok = c.live & within(c_d, params.large_size.x) & within(c_h, params.large_size.y);
    let f_ok = f.live & within(f_d, params.large_size.x) & within(f_h, params.large_size.y);
    if (!any(c_ok | f_ok)) { continue; }
    let c_from = plane + line.n * ls.x + c.b * params.large_channel + vec4u(c_d) * ls.y + vec4u(c_h) * ls.z;
    let f_from = plane + line.n * ls.x + f.b * params.large_channel + vec4u(f_d) * ls.y + vec4u(f_h) * ls.z;
    var a = small0 + line.n * ss.x + line.d * ss.y + line.h * ss.z + line.from_w * ss.w;
    for (var j = line.from_w; j < line.to_w; j++) {
      let cw = i32(j) * params.stride.z + c_w;
      let fw = i32(j) * params.stride.z + f_w;
      let c_in = c_ok & within(cw, params.large_size.z);
      let f_in = f_ok & within(fw, params.large_size.z);
      let at = select(vec4u(), c_from + vec4u(cw) * ls.w, c_in);
      let to = select(vec4u(), f_from + vec4u(fw) * ls.w, f_in);
      let u = select(vec4f(), vec4f(f32(large[at.x]), f32(large[at.y]), f32(large[at.z]), f32(large[at.w])), c_in);
      let v = select(vec4f(), vec4f(f32(large[to.x]), f32(large[to.y]), f32(large[to.z]), f32(large[to.w])), f_in);
      let a0 = f32(small[a]);
      s0 += a0 * u;
      t0 += a0 * v;
      let a1 = f32(small[a + o1]);
      s1 += a1 * u;
      t1 += a1 * v;
      let a2 = f32(small[a + o2]);
      s2 += a2 * u;
      t2 += a2 * v;
      let a3 = f32(small[a + o3]);
      s3 += a3 * u;
      t3 += a3 * v;
      let a4 = f32(small[a + o4]);
      s4 += a4 * u;
      t4 += a4 * v;
      let a5 = f32(small[a + o5]);
      s5 += a5 * u;
      t5 += a5 * v;
      let a6 = f32(small[a + o6]);
      s6 += a6 * u;
      t6 += a6 * v;
      let a7 = f32(small[a + o7]);
      s7 += a7 * u;
      t7 += a7 * v;
      a += ss.w;
    }
  }
  let first_dw = params.dw_at + slice * params.slice + (g * params.rows + row) * params.row;
  let taps = params.taps;
  let s = array<vec4f, 16>(s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7);
  let rows = min(params.rows - row, 8u);
  for (var m = 0u; m < 2u; m++) {
    let q = columns_of(first + 4u * m * WORKGROUP, WORKGROUP);
    let at = first_dw + q.b * params.channel + q.d * taps.x + q.h * taps.y + q.w * taps.z;
    for (var r = 0u; r < rows; r++) {
      let to = at + r * params.row;
      let v = s[8u * m + r];
      if (q.live.x) { dw[to.x] = real_w(v.x); }
      if (q.live.y) { dw[to.y] = real_w(v.y); }
      if (q.live.z) { dw[to.z] = real_w(v.z); }
      if (q.live.w) { dw[to.w] = real_w(v.w); }
    }
  }
}
