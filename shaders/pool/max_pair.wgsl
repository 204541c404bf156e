//! y[n,d,h,w] = max over taps of x[n,d*S - P + t*D,…] inside x, as bits, and where it was: the first of equals, the last NaN.
//! One invocation: QUADS times four windows next to each other along W, 2 wide and 2 apart, 1 or 2 high and deep, all inside x: x is read as vectors too, and without
//! loops, whose bookkeeping costs software adapters more than the comparisons.
//! x and y are [outer, D, H, W] of words, W of x a multiple of 8. Source: PyTorch MaxPool; ONNX MaxPool-22.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::extreme::{Best, first_of, meet};

alias bits = vec4u;
alias ranks = vec4i;

override KD: u32;
override KH: u32;
override SD: u32;
override SH: u32;
override DD: u32;
override DH: u32;
/// 1 or 2.
override QUADS: u32;
/// Whether places are wanted.
override INDICES: u32;

struct Params {
  x_size: vec3u,   // D, H, W of x, W in vectors
  count: u32,      // invocations
  y_size: vec3u,   // W in vectors
  base: u32,
  outer: u32,      // the first of outer in this dispatch
  steps: vec3u,    // of an index along D, H, W
  channels: u32,   // in outer
  batch: u32,      // step of an index from sample to sample,
  channel: u32,    // from channel to channel
  x_at: u32,
  y_at: u32,       // in vectors
  indices_at: u32, // in vectors
}

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>;
@group(0) @binding(3) var<uniform> params: Params;

/// A line of the windows, from vector `at` and index `here` on.
fn line(b: Best, at: u32, here: vec4u) -> Best {
  let u = x[at];
  let v = x[at + 1u];
  let even = meet(b, vec4u(u.x, u.z, v.x, v.z), here);
  return meet(even, vec4u(u.y, u.w, v.y, v.w), here + params.steps.z);
}

/// Four windows, from vector `at` and index `here` on.
fn quad(at: u32, here: vec4u) -> Best {
  let steps = params.steps;
  let below = DH * params.x_size.z;
  let behind = DD * params.x_size.y * params.x_size.z;
  let u = x[at];
  let v = x[at + 1u];
  var best = first_of(vec4u(u.x, u.z, v.x, v.z), here);
  best = meet(best, vec4u(u.y, u.w, v.y, v.w), here + steps.z);
  if (KH == 2u) { best = line(best, at + below, here + DH * steps.y); }
  if (KD == 2u) {
    best = line(best, at + behind, here + DD * steps.x);
    if (KH == 2u) { best = line(best, at + behind + below, here + DD * steps.x + DH * steps.y); }
  }
  return best;
}

fn store(at: u32, best: Best) {
  y[params.y_at + at] = best.value;
  if (INDICES != 0u) { indices[params.indices_at + at] = best.cell; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let across = params.y_size.z / QUADS;
  let rows = over(id, across);
  let depths = over(rows, params.y_size.y);
  let n = over(depths, params.y_size.x);
  let w = 2u * QUADS * (id - rows * across);
  let d = (depths - n * params.y_size.x) * SD;
  let h = (rows - depths * params.y_size.y) * SH;
  var first = d * params.steps.x + h * params.steps.y + 4u * w * params.steps.z;
  if (INDICES != 0u && params.channel != 0u) { // else indices count in their own plane
    let outer = n + params.outer;
    let sample = over(outer, params.channels);
    first += sample * params.batch + (outer - sample * params.channels) * params.channel;
  }
  let at = params.x_at + ((n * params.x_size.x + d) * params.x_size.y + h) * params.x_size.z + w;
  let here = vec4u(first) + vec4u(0u, 2u, 4u, 6u) * params.steps.z;
  store(QUADS * id, quad(at, here));
  if (QUADS == 2u) { store(QUADS * id + 1u, quad(at + 2u, here + 8u * params.steps.z)); }
}
