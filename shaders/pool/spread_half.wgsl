//! large[n,i] = small[n,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t, 2 of them wide; elements have 2 bytes.
//! One invocation: RUN times four windows next to each other along W, and all their cells, as vectors. small and large are [outer, D, H, W],
//! W of large a multiple of 8; windows may stand over its end along D and H. With CHECK, an index that leaves its window is reported.
//! Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, strip_of};
import package::lib::verdict::{stray};

override SD: u32;
override SH: u32;
override RUN: u32;
/// Whether windows stand over the end along D or H.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<vec2u>;
@group(0) @binding(1) var<storage, read> indices: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> large: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

/// What is the same for a run: large's planes and rows are so many vectors `apart`, indices of its cells `steps`; `room` is left of D and H.
struct Run { apart: vec2u, steps: vec3u, room: vec2u }
/// Four windows: their values as the first and as the second of a word, and their indices, each from the first cell of its window on.
struct Four { low: vec4u, high: vec4u, index: vec4u }

/// The cells in row b of plane a, from vector `at` on: those that an index names get the value.
fn cells(r: Run, four: Four, at: u32, a: u32, b: u32) -> vec4<bool> {
  if (CROP != 0u && (a >= r.room.x || b >= r.room.y)) { return vec4<bool>(); }
  let first = a * r.steps.x + b * r.steps.y;
  let even = four.index == vec4u(first);
  let odd = four.index == vec4u(first + r.steps.z);
  large[at + a * r.apart.x + b * r.apart.y] = select(vec4u(), four.low, even) | select(vec4u(), four.high, odd);
  return even | odd;
}

/// The cells in plane a. The first two of each axis are unrolled: CPUs take long over loops.
fn slab(r: Run, four: Four, at: u32, a: u32) -> vec4<bool> {
  var met = cells(r, four, at, a, 0u);
  if (SH > 1u) { met |= cells(r, four, at, a, 1u); }
  if (SH > 2u) {
    for (var b = 2u; b < SH; b++) { met |= cells(r, four, at, a, b); }
  }
  return met;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let steps = params.steps;
  let strip = strip_of(id, RUN, 4u, vec2u(SD, SH));
  let run = Run(strip.apart, steps, strip.room);
  var to = strip.to;
  var here = vec4u(strip.here) + vec4u(0u, 2u, 4u, 6u) * steps.z;
  var at = RUN * id;
  let end = at + RUN;
  let small_at = params.small_at;
  let indices_at = params.indices_at;
  var stay = true;
  loop {
    let words = small[small_at + at].xxyy;
    let low = vec4u(words.x & 0xffffu, words.y >> 16u, words.z & 0xffffu, words.w >> 16u);
    let four = Four(low, low << vec4u(16u), indices[indices_at + at] - here);
    var met = slab(run, four, to, 0u);
    if (SD > 1u) {
      for (var a = 1u; a < SD; a++) { met |= slab(run, four, to, a); }
    }
    stay &= all(met);
    continuing {
      at++;
      to++;
      here += vec4u(8u * steps.z);
      break if at >= end; // at the end: CPUs run a loop's body once more to find out at its beginning
    }
  }
  if (CHECK != 0u && !stay) { stray(); }
}
