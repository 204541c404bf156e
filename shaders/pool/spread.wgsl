//! large[n,i] = small[n,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t, 2 of them wide.
//! One invocation: RUN times two windows next to each other along W, and all their cells, as vectors. small and large are [outer, D, H, W] of words,
//! W of large a multiple of 4; windows may stand over its end along D and H. With CHECK, an index that leaves its window is reported.
//! Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, strip_of};
import package::lib::verdict::{stray};

override SD: u32;
override SH: u32;
override RUN: u32;
/// Whether a step of the run takes two times two windows.
override TWICE: bool;
/// Whether windows stand over the end along D or H.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<vec2u>;
@group(0) @binding(1) var<storage, read> indices: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> large: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

/// What is the same for a run: large's planes and rows are so many vectors `apart`, indices `steps`; of a row's four cells they are `columns`;
/// `room` is left of D and H.
struct Run { apart: vec2u, steps: vec2u, columns: vec4u, room: vec2u }
/// Two windows: their values, and their indices from the first cell of the first window on.
struct Two { value: vec2u, index: vec2u }

/// The cells in row b of plane a, from vector `at` on: those that an index names get the value.
fn cells(r: Run, two: Two, at: u32, a: u32, b: u32) -> vec4<bool> {
  if (CROP != 0u && (a >= r.room.x || b >= r.room.y)) { return vec4<bool>(); }
  let index = two.index - vec2u(a * r.steps.x + b * r.steps.y);
  let hit = index.xxyy == r.columns;
  large[at + a * r.apart.x + b * r.apart.y] = select(vec4u(), two.value.xxyy, hit);
  return hit;
}

/// The cells in plane a. The first two of each axis are unrolled: CPUs take long over loops.
fn slab(r: Run, two: Two, at: u32, a: u32) -> vec4<bool> {
  var met = cells(r, two, at, a, 0u);
  if (SH > 1u) { met |= cells(r, two, at, a, 1u); }
  if (SH > 2u) {
    for (var b = 2u; b < SH; b++) { met |= cells(r, two, at, a, b); }
  }
  return met;
}

/// All cells of two windows. Whether both indices stay in theirs.
fn both(r: Run, two: Two, at: u32) -> bool {
  var met = slab(r, two, at, 0u);
  if (SD > 1u) {
    for (var a = 1u; a < SD; a++) { met |= slab(r, two, at, a); }
  }
  return (met.x | met.y) & (met.z | met.w);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let steps = params.steps;
  let strip = strip_of(id, RUN, 2u, vec2u(SD, SH));
  let run = Run(strip.apart, steps.xy, vec4u(0u, 1u, 2u, 3u) * steps.z, strip.room);
  let next = 4u * steps.z;
  let each = select(1u, 2u, TWICE);
  var to = strip.to;
  var here = strip.here;
  var at = RUN * id;
  let end = at + RUN;
  let small_at = params.small_at;
  let indices_at = params.indices_at;
  var stay = true;
  loop {
    stay &= both(run, Two(small[small_at + at], indices[indices_at + at] - here), to);
    if (TWICE) { stay &= both(run, Two(small[small_at + at + 1u], indices[indices_at + at + 1u] - here - next), to + 1u); }
    continuing {
      at += each;
      to += each;
      here += each * next;
      break if at >= end; // at the end: CPUs run a loop's body once more to find out at its beginning
    }
  }
  if (CHECK != 0u && !stay) { stray(); }
}
