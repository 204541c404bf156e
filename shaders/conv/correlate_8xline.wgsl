//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: as correlate_line.wgsl, for groups of several channels.
//! One invocation: 8 rows x 2 times 4 neighbouring taps of a line of the filter, one slice of the sum. The next position reads large
//! SHIFT = S/D = 1 or 2 taps further: values stand in registers and move on.
//! Source: PyTorch Conv2d, ConvTranspose2d.
import package::lib::grid::{group_index};
import package::lib::pairs::{Params, place_of, line_of};

alias real_small = f32;
alias real_large = f32;
alias real_w = f32;

@group(0) @binding(0) var<storage, read> small: array<real_small>;
@group(0) @binding(1) var<storage, read> large: array<real_large>;
@group(0) @binding(2) var<storage, read_write> dw: array<real_w>;
@group(0) @binding(3) var<uniform> params: Params;

override WORKGROUP: u32;
override SHIFT: u32;

/// Neighbouring taps of a channel of large, and where a line of large is that they read.
struct Taps { live: bool, b: u32, t: vec3u }

fn taps_of(column: u32) -> Taps {
  let k = params.kernel;
  let per_line = (k.z + 3u) / 4u;
  let lines = column / per_line;
  let planes = lines / k.y;
  let b = planes / k.x;
  return Taps(b < params.channels, min(b, params.channels - 1u), vec3u(planes - b * k.x, lines - planes * k.y, 4u * (column - lines * per_line)));
}

/// Value i of the line that begins at `line`, 0 outside.
fn input(line: u32, i: i32, ok: bool) -> f32 {
  return select(0.0, f32(large[line + u32(clamp(i, 0, params.large_size.z - 1)) * params.large_stride.w]), ok && u32(i) < u32(params.large_size.z));
}

/// Values i, i + D, and so on.
fn inputs(line: u32, i: i32, ok: bool) -> vec4f {
  let d = params.dilation.z;
  return vec4f(input(line, i, ok), input(line, i + d, ok), input(line, i + 2 * d, ok), input(line, i + 3 * d, ok));
}

/// The values of the next position, the last of which is i.
fn move_on(v: vec4f, line: u32, i: i32, ok: bool) -> vec4f {
  let last = input(line, i, ok);
  if (SHIFT == 1u) { return vec4f(v.yzw, last); }
  return vec4f(v.zw, input(line, i - params.dilation.z, ok), last);
}

/// Stores those of four taps that the line of the filter still has.
fn store(at: u32, left: i32, sum: vec4f) {
  let step = params.taps.z;
  if (left > 0) { dw[at] = real_w(sum.x); }
  if (left > 1) { dw[at + step] = real_w(sum.y); }
  if (left > 2) { dw[at + 2u * step] = real_w(sum.z); }
  if (left > 3) { dw[at + 3u * step] = real_w(sum.w); }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let g = p.group;
  let first = 2u * WORKGROUP * p.column + local;
  let c = taps_of(first);
  let f = taps_of(first + WORKGROUP);
  let c_off = vec3i(c.t) * params.dilation - params.pad;
  let f_off = vec3i(f.t) * params.dilation - params.pad;
  let stride = params.stride.z;
  let ahead = 3 * params.dilation.z;  // from the first tap to the last
  let ss = params.small_stride;
  let ls = params.large_stride;
  let size = vec3u(params.large_size);
  let row = 8u * p.row;
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
  let end = min((p.slice + 1u) * params.per_slice, params.lines);
  for (var l = p.slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let d = i32(line.d) * params.stride.x;
    let h = i32(line.h) * params.stride.y;
    let c_ok = c.live && u32(d + c_off.x) < size.x && u32(h + c_off.y) < size.y;
    let f_ok = f.live && u32(d + f_off.x) < size.x && u32(h + f_off.y) < size.y;
    if (!c_ok && !f_ok) { continue; }
    let plane = params.large_at + line.n * ls.x + g * params.channels * params.large_channel;
    let c_from = select(0u, plane + c.b * params.large_channel + u32(d + c_off.x) * ls.y + u32(h + c_off.y) * ls.z, c_ok);
    let f_from = select(0u, plane + f.b * params.large_channel + u32(d + f_off.x) * ls.y + u32(h + f_off.y) * ls.z, f_ok);
    var a = small0 + line.n * ss.x + line.d * ss.y + line.h * ss.z + line.from_w * ss.w;
    var i = i32(line.from_w) * stride;
    var v = inputs(c_from, i + c_off.z, c_ok);
    var u = inputs(f_from, i + f_off.z, f_ok);
    for (var j = line.from_w; j < line.to_w; j++) {
      let a0 = f32(small[a]);
      s0 += a0 * v;
      t0 += a0 * u;
      let a1 = f32(small[a + o1]);
      s1 += a1 * v;
      t1 += a1 * u;
      let a2 = f32(small[a + o2]);
      s2 += a2 * v;
      t2 += a2 * u;
      let a3 = f32(small[a + o3]);
      s3 += a3 * v;
      t3 += a3 * u;
      let a4 = f32(small[a + o4]);
      s4 += a4 * v;
      t4 += a4 * u;
      let a5 = f32(small[a + o5]);
      s5 += a5 * v;
      t5 += a5 * u;
      let a6 = f32(small[a + o6]);
      s6 += a6 * v;
      t6 += a6 * u;
      let a7 = f32(small[a + o7]);
      s7 += a7 * v;
      t7 += a7 * u;
      a += ss.w;
      i += stride;
      v = move_on(v, c_from, i + c_off.z + ahead, c_ok);
      u = move_on(u, f_from, i + f_off.z + ahead, f_ok);
    }
  }
  let first_dw = params.dw_at + p.slice * params.slice + (g * params.rows + row) * params.row;
  let taps = params.taps;
  let s = array<vec4f, 16>(s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7);
  let rows = min(params.rows - row, 8u);
  for (var m = 0u; m < 2u; m++) {
    let q = taps_of(first + m * WORKGROUP);
    if (!q.live) { continue; }
    let at = first_dw + q.b * params.channel + q.t.x * taps.x + q.t.y * taps.y + q.t.z * taps.z;
    for (var r = 0u; r < rows; r++) { store(at + r * params.row, i32(params.kernel.z - q.t.z), s[8u * m + r]); }
  }
}
