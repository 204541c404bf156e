//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: the gradient of a filter.
//! One invocation: 8 rows (channels of small) x 4 columns (pairs of a channel of large and a tap), one slice of the sum. Any layout by strides.
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
  let c = columns_of(4u * WORKGROUP * p.column + local, WORKGROUP);
  let row = 8u * p.row;
  let off_d = vec4i(c.d) * params.dilation.x - params.pad.x;
  let off_h = vec4i(c.h) * params.dilation.y - params.pad.y;
  let off_w = vec4i(c.w) * params.dilation.z - params.pad.z;
  let ss = params.small_stride;
  let ls = params.large_stride;
  let channel = params.large_at + (g * params.channels + c.b) * params.large_channel;
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
  let end = min((slice + 1u) * params.per_slice, params.lines);
  for (var l = slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let d = i32(line.d) * params.stride.x + off_d;
    let h = i32(line.h) * params.stride.y + off_h;
    let ok = c.live & within(d, params.large_size.x) & within(h, params.large_size.y);
    if (!any(ok)) { continue; }
    let from_large = channel + line.n * ls.x + vec4u(d) * ls.y + vec4u(h) * ls.z;
    var a = small0 + line.n * ss.x + line.d * ss.y + line.h * ss.z + line.from_w * ss.w;
    for (var j = line.from_w; j < line.to_w; j++) {
      let w = i32(j) * params.stride.z + off_w;
      let inside = ok & within(w, params.large_size.z);
      let at = select(vec4u(), from_large + vec4u(w) * ls.w, inside);
      let v = select(vec4f(), vec4f(f32(large[at.x]), f32(large[at.y]), f32(large[at.z]), f32(large[at.w])), inside);
      s0 += f32(small[a]) * v;
      s1 += f32(small[a + o1]) * v;
      s2 += f32(small[a + o2]) * v;
      s3 += f32(small[a + o3]) * v;
      s4 += f32(small[a + o4]) * v;
      s5 += f32(small[a + o5]) * v;
      s6 += f32(small[a + o6]) * v;
      s7 += f32(small[a + o7]) * v;
      a += ss.w;
    }
  }
  let at = params.dw_at + slice * params.slice + (g * params.rows + row) * params.row + c.b * params.channel
    + c.d * params.taps.x + c.h * params.taps.y + c.w * params.taps.z;
  let s = array<vec4f, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  let rows = min(params.rows - row, 8u);
  for (var r = 0u; r < rows; r++) {
    let to = at + r * params.row;
    if (c.live.x) { dw[to.x] = real_w(s[r].x); }
    if (c.live.y) { dw[to.y] = real_w(s[r].y); }
    if (c.live.z) { dw[to.z] = real_w(s[r].z); }
    if (c.live.w) { dw[to.w] = real_w(s[r].w); }
  }
}
