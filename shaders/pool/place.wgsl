//! large[n,c,i] = small[n,c,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t.
//! One invocation: RUN windows next to each other along W and all their cells, or four channels of them. small and large are [outer, D, H, W, inner];
//! windows may stand over the end of large. With CHECK, an index that leaves its window is reported. Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::cells::{Params, first_of};
import package::lib::verdict::{stray};

alias real = u32;
alias places = u32;
/// Numbers of the lanes: channels next to each other.
const LANES = 0u;

override SD: u32;
override SH: u32;
override SW: u32;
override RUN: u32;
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

/// What is the same for a run: how far apart are large's cells along D, H and W, their indices, and what is left of D and H.
struct Run { apart: vec3u, steps: vec3u, room: vec2u }
/// A window: its value, its index from its first cell on, where that is in large, and what is left of W.
struct Window { value: real, index: places, at: u32, room: u32 }

fn cell(r: Run, s: Window, at: u32, from_row: u32, e: u32) -> vec4<bool> {
  if (CROP != 0u && e >= s.room) { return vec4<bool>(); }
  let hit = s.index == places(from_row + e * r.steps.z);
  large[at + e * r.apart.z] = select(real(), s.value, hit);
  return vec4<bool>(hit);
}

/// The cells in row b of plane a. The first two of each axis are unrolled: CPUs take long over loops.
fn line(r: Run, s: Window, a: u32, b: u32) -> vec4<bool> {
  if (CROP != 0u && b >= r.room.y) { return vec4<bool>(); }
  let at = s.at + a * r.apart.x + b * r.apart.y;
  let from_row = a * r.steps.x + b * r.steps.y;
  var met = cell(r, s, at, from_row, 0u);
  if (SW > 1u) { met |= cell(r, s, at, from_row, 1u); }
  if (SW > 2u) {
    for (var e = 2u; e < SW; e++) { met |= cell(r, s, at, from_row, e); }
  }
  return met;
}

fn plane(r: Run, s: Window, a: u32) -> vec4<bool> {
  if (CROP != 0u && a >= r.room.x) { return vec4<bool>(); }
  var met = line(r, s, a, 0u);
  if (SH > 1u) { met |= line(r, s, a, 1u); }
  if (SH > 2u) {
    for (var b = 2u; b < SH; b++) { met |= line(r, s, a, b); }
  }
  return met;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let inner = params.inner;
  let size = params.large;
  let steps = params.steps;
  let runs = over(id, inner);
  let c = id - runs * inner;
  let blocks = params.small.z / RUN;
  let rows = over(runs, blocks);
  let depths = over(rows, params.small.y);
  let n = over(depths, params.small.x);
  let d = (depths - n * params.small.x) * SD;
  let h = (rows - depths * params.small.y) * SH;
  var w = (runs - rows * blocks) * RUN * SW;
  let run = Run(vec3u(size.y * size.z * inner, size.z * inner, inner), steps, size.xy - min(vec2u(d, h), size.xy));
  let first = first_of(n, c * WIDTH) + d * steps.x + h * steps.y;
  let lanes = places(first) + places(LANES) * places(params.channel);
  var at = runs * RUN * inner + c;
  let end = at + RUN * inner;
  let small_at = params.small_at;
  let indices_at = params.indices_at;
  let row = params.large_at + (((n * size.x + d) * size.y + h) * size.z) * inner + c;
  var stay = true;
  loop {
    let s = Window(small[small_at + at], indices[indices_at + at] - lanes - places(w * steps.z), row + w * inner, size.z - w);
    var met = plane(run, s, 0u);
    if (SD > 1u) {
      for (var a = 1u; a < SD; a++) { met |= plane(run, s, a); }
    }
    stay &= all(met);
    continuing {
      at += inner;
      w += SW;
      break if at >= end; // at the end: CPUs run a loop's body once more to find out at its beginning
    }
  }
  if (CHECK != 0u && !stay) { stray(); }
}
