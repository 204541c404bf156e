//! large[n,c,i] = small[n,c,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t.
//! One invocation: one window and all its cells, or four channels of them. small and large are [outer, D, H, W, inner]; windows may stand over the end of
//! large. With CHECK, an index that leaves its window is reported. Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, window_of};
import package::lib::verdict::{stray};

alias real = u32;
alias places = u32;
/// Numbers of the lanes: channels next to each other.
const LANES = 0u;

override SD: u32;
override SH: u32;
override SW: u32;
/// Channels of an invocation.
override WIDTH: u32;
/// Whether windows stand over the end of large.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<real>;
@group(0) @binding(1) var<storage, read> indices: array<places>;
@group(0) @binding(2) var<storage, read_write> large: array<real>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

/// What an invocation has of its window: the value, the index in its plane, and where large begins.
struct Share { value: real, index: places, from_large: u32, first: vec3u }

fn cell(s: Share, row: u32, from_row: u32, w: u32) -> vec4<bool> {
  if (CROP != 0u && w >= params.large.z) { return vec4<bool>(); }
  let hit = s.index == places(from_row + w * params.steps.z);
  large[s.from_large + (row + w) * params.inner] = select(real(), s.value, hit);
  return vec4<bool>(hit);
}

/// The cells in row (d, h). The first two of each axis are unrolled: CPUs take long over loops.
fn line(s: Share, d: u32, h: u32) -> vec4<bool> {
  if (CROP != 0u && h >= params.large.y) { return vec4<bool>(); }
  let row = (d * params.large.y + h) * params.large.z;
  let from_row = d * params.steps.x + h * params.steps.y;
  var met = cell(s, row, from_row, s.first.z);
  if (SW > 1u) { met |= cell(s, row, from_row, s.first.z + 1u); }
  if (SW > 2u) {
    for (var e = 2u; e < SW; e++) { met |= cell(s, row, from_row, s.first.z + e); }
  }
  return met;
}

fn plane(s: Share, d: u32) -> vec4<bool> {
  if (CROP != 0u && d >= params.large.x) { return vec4<bool>(); }
  var met = line(s, d, s.first.y);
  if (SH > 1u) { met |= line(s, d, s.first.y + 1u); }
  if (SH > 2u) {
    for (var b = 2u; b < SH; b++) { met |= line(s, d, s.first.y + b); }
  }
  return met;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let size = params.large;
  let first = first_of(window.n, window.c * WIDTH);
  let index = indices[params.indices_at + id] - places(first) - places(LANES) * places(params.channel);
  let from_large = params.large_at + window.n * size.x * size.y * size.z * params.inner + window.c;
  let s = Share(small[params.small_at + id], index, from_large, window.at * vec3u(SD, SH, SW));
  var met = plane(s, s.first.x);
  if (SD > 1u) {
    for (var a = 1u; a < SD; a++) { met |= plane(s, s.first.x + a); }
  }
  if (CHECK != 0u && !all(met)) { stray(); }
}
