//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: the gradient of a filter.
//! One invocation: one weight, one slice of the sum. The plain plan. Any layout by strides.
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let slice = p.slice;
  let g = p.group;
  let column = WORKGROUP * p.column + local;
  let k = params.kernel;
  let lines = column / k.z;
  let planes = lines / k.y;
  let b = planes / k.x;
  if (b >= params.channels) { return; }
  let t = vec3u(planes - b * k.x, lines - planes * k.y, column - lines * k.z);
  let row = p.row;
  let off = vec3i(t) * params.dilation - params.pad;
  let ss = params.small_stride;
  let ls = params.large_stride;
  let size = vec3u(params.large_size);
  var sum = 0.0;
  let end = min((slice + 1u) * params.per_slice, params.lines);
  for (var l = slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let d = u32(i32(line.d) * params.stride.x + off.x);
    let h = u32(i32(line.h) * params.stride.y + off.y);
    if (d >= size.x || h >= size.y) { continue; }
    let from_large = params.large_at + line.n * ls.x + (g * params.channels + b) * params.large_channel + d * ls.y + h * ls.z;
    let from_small = params.small_at + line.n * ss.x + (g * params.rows + row) * params.small_channel + line.d * ss.y + line.h * ss.z;
    for (var j = line.from_w; j < line.to_w; j++) {
      let w = u32(i32(j) * params.stride.z + off.z);
      if (w < size.z) { sum += f32(small[from_small + j * ss.w]) * f32(large[from_large + w * ls.w]); }
    }
  }
  dw[params.dw_at + slice * params.slice + (g * params.rows + row) * params.row + b * params.channel
    + t.x * params.taps.x + t.y * params.taps.y + t.z * params.taps.z] = real_w(sum);
}
