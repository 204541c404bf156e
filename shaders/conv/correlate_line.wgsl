//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: as correlate.wgsl, for groups of one channel.
//! One invocation: 1 row x 8 (WIDE) or 4 neighbouring taps of a line of the filter, one slice of the sum. A workgroup goes on from group to group: those of
//! one channel would leave most of it idle. Where the next position reads large
//! SHIFT = S/D taps further, its values stand in registers and move on; with SHIFT 0 all are read anew.
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
override WIDE: bool;
override SHIFT: u32;

/// Value i of the line of large that begins at `line`, 0 outside.
fn input(line: u32, i: i32) -> f32 {
  return select(0.0, f32(large[line + u32(clamp(i, 0, params.large_size.z - 1)) * params.large_stride.w]), u32(i) < u32(params.large_size.z));
}

/// Values i, i + D, i + 2*D, i + 3*D.
fn inputs(line: u32, i: i32) -> vec4f {
  let d = params.dilation.z;
  return vec4f(input(line, i), input(line, i + d), input(line, i + 2 * d), input(line, i + 3 * d));
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
  let wide = select(4u, 8u, WIDE);
  let per_line = (params.kernel.z + wide - 1u) / wide;
  let run = WORKGROUP * p.column + local;
  let lines = run / per_line;
  let planes = lines / params.kernel.y;
  let channels = planes / params.kernel.x;  // of large, of all rows of small
  let row = channels / params.channels;
  let g = row / params.rows;
  if (g >= params.groups) { return; }
  let b = channels - row * params.channels;
  let t = vec3u(planes - channels * params.kernel.x, lines - planes * params.kernel.y, wide * (run - lines * per_line));
  let off = vec3i(t) * params.dilation - params.pad;
  let stride = params.stride.z;
  let ahead = select(3, 7, WIDE) * params.dilation.z;  // from the first tap to the last
  let ss = params.small_stride;
  let ls = params.large_stride;
  let size = vec3u(params.large_size);
  var s0 = vec4f();
  var s1 = vec4f();
  let end = min((p.slice + 1u) * params.per_slice, params.lines);
  for (var l = p.slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let d = u32(i32(line.d) * params.stride.x + off.x);
    let h = u32(i32(line.h) * params.stride.y + off.y);
    if (d >= size.x || h >= size.y) { continue; }
    let from_large = params.large_at + line.n * ls.x + (g * params.channels + b) * params.large_channel + d * ls.y + h * ls.z;
    var from_small = params.small_at + line.n * ss.x + row * params.small_channel + line.d * ss.y + line.h * ss.z + line.from_w * ss.w;
    var i = i32(line.from_w) * stride + off.z;
    var v0 = inputs(from_large, i);
    var v1 = vec4f();
    if (WIDE) { v1 = inputs(from_large, i + 4 * params.dilation.z); }
    for (var j = line.from_w; j < line.to_w; j++) {
      let a = f32(small[from_small]);
      s0 += a * v0;
      if (WIDE) { s1 += a * v1; }
      from_small += ss.w;
      i += stride;
      if (SHIFT == 1u) {
        let next = input(from_large, i + ahead);
        if (WIDE) {
          v0 = vec4f(v0.yzw, v1.x);
          v1 = vec4f(v1.yzw, next);
        } else {
          v0 = vec4f(v0.yzw, next);
        }
      } else if (SHIFT == 2u) {
        let next = vec2f(input(from_large, i + ahead - params.dilation.z), input(from_large, i + ahead));
        if (WIDE) {
          v0 = vec4f(v0.zw, v1.xy);
          v1 = vec4f(v1.zw, next);
        } else {
          v0 = vec4f(v0.zw, next);
        }
      } else {
        v0 = inputs(from_large, i);
        if (WIDE) { v1 = inputs(from_large, i + 4 * params.dilation.z); }
      }
    }
  }
  let at = params.dw_at + p.slice * params.slice + row * params.row + b * params.channel
    + t.x * params.taps.x + t.y * params.taps.y + t.z * params.taps.z;
  let left = i32(params.kernel.z - t.z);
  store(at, left, s0);
  if (WIDE) { store(at + 4u * params.taps.z, left - 4, s1); }
}
