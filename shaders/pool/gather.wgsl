//! large[n,c,i] = the small[n,c,o] whose index names i, of the windows o that reach i: the last one, the first one, or their sum; else 0.
//! One invocation: one cell, or four channels of it. small and large are [outer, D, H, W, inner].
//! Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::cells::{Params, first_of};

/// An element, and what is added up: the same, or f32.
alias real = u32;
alias wide = u32;
alias places = u32;
/// Numbers of the lanes: channels next to each other.
const LANES = 0u;

override KD: u32;
override KH: u32;
override KW: u32;
override SD: u32;
override SH: u32;
override SW: u32;
override DD: u32;
override DH: u32;
override DW: u32;
/// Channels of an invocation.
override WIDTH: u32;
override SUM: u32;
/// Whether windows are met from the last to the first: what is met last stays.
override REVERSE: u32;

@group(0) @binding(0) var<storage, read> small: array<real>;
@group(0) @binding(1) var<storage, read> indices: array<places>;
@group(0) @binding(2) var<storage, read_write> large: array<real>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let columns = over(id, params.inner);
  let rows = over(columns, params.large.z);
  let depths = over(rows, params.large.y);
  let n = over(depths, params.large.x);
  let c = id - columns * params.inner;
  let cell = vec3u(depths - n * params.large.x, rows - depths * params.large.y, columns - rows * params.large.z);
  let steps = cell * params.steps;
  let wanted = places(first_of(n, c * WIDTH) + steps.x + steps.y + steps.z) + places(LANES) * places(params.channel);
  // Windows that reach the cell: q - t along each axis, where it is tap r + t * S.
  let stride = vec3u(SD, SH, SW);
  let q = (cell + params.pad) / stride;
  let r = (cell + params.pad) % stride;
  let reach_d = DD * (KD - 1u);
  let reach_h = DH * (KH - 1u);
  let reach_w = DW * (KW - 1u);
  var sum = wide();
  if (all(cell < params.plane)) {
    for (var a = 0u; a <= reach_d / SD; a++) {
      let td = select(reach_d / SD - a, a, REVERSE != 0u);
      let d = q.x - td; // below 0 wraps
      let tap_d = r.x + td * SD;
      if (d >= params.small.x || tap_d > reach_d || tap_d % DD != 0u) { continue; }
      for (var b = 0u; b <= reach_h / SH; b++) {
        let th = select(reach_h / SH - b, b, REVERSE != 0u);
        let h = q.y - th;
        let tap_h = r.y + th * SH;
        if (h >= params.small.y || tap_h > reach_h || tap_h % DH != 0u) { continue; }
        let line = ((n * params.small.x + d) * params.small.y + h) * params.small.z;
        for (var e = 0u; e <= reach_w / SW; e++) {
          let tw = select(reach_w / SW - e, e, REVERSE != 0u);
          let w = q.z - tw;
          let tap_w = r.z + tw * SW;
          if (w >= params.small.z || tap_w > reach_w || tap_w % DW != 0u) { continue; }
          let at = (line + w) * params.inner + c;
          let hit = indices[params.indices_at + at] == wanted;
          let v = wide(small[params.small_at + at]);
          if (SUM != 0u) { sum += select(wide(), v, hit); } else { sum = select(sum, v, hit); }
        }
      }
    }
  }
  large[params.large_at + id] = real(sum);
}
