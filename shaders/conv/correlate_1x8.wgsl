//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: as correlate_8x4.wgsl, for groups of one channel of small.
//! One invocation: 1 row x 8 columns, one slice of the sum. Any layout by strides.
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

fn store(at: vec4u, live: vec4<bool>, v: vec4f) {
  if (live.x) { dw[at.x] = real_w(v.x); }
  if (live.y) { dw[at.y] = real_w(v.y); }
  if (live.z) { dw[at.z] = real_w(v.z); }
  if (live.w) { dw[at.w] = real_w(v.w); }
}

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
  let row = p.row;
  let c_w = vec4i(c.w) * params.dilation.z - params.pad.z;
  let f_w = vec4i(f.w) * params.dilation.z - params.pad.z;
  let ss = params.small_stride;
  let ls = params.large_stride;
  let plane = params.large_at + g * params.channels * params.large_channel;
  let small0 = params.small_at + (g * params.rows + row) * params.small_channel;
  var s = vec4f();
  var t = vec4f();
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
      let v = f32(small[a]);
      s += v * select(vec4f(), vec4f(f32(large[at.x]), f32(large[at.y]), f32(large[at.z]), f32(large[at.w])), c_in);
      t += v * select(vec4f(), vec4f(f32(large[to.x]), f32(large[to.y]), f32(large[to.z]), f32(large[to.w])), f_in);
      a += ss.w;
    }
  }
  let to = params.dw_at + slice * params.slice + (g * params.rows + row) * params.row;
  let taps = params.taps;
  store(to + c.b * params.channel + c.d * taps.x + c.h * taps.y + c.w * taps.z, c.live, s);
  store(to + f.b * params.channel + f.d * taps.x + f.h * taps.y + f.w * taps.z, f.live, t);
}
