//! y[n,d,h,w] = max over taps of x[n,d*S - P + t*D,…] inside x, as bits, and where it was: the first of equals, the last NaN.
//! One invocation: four windows next to each other along W, stored as vectors.
//! x and y are [outer, D, H, W] of words, W of y a multiple of 4. Source: PyTorch MaxPool; ONNX MaxPool-22.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::extreme::{Best, rank, wins, LOWEST, IGNORE};

alias bits = vec4u;
alias ranks = vec4i;
alias truths = vec4<bool>;

override KD: u32;
override KH: u32;
override KW: u32;
override SD: u32;
override SH: u32;
override SW: u32;
override DD: u32;
override DH: u32;
override DW: u32;
/// Whether places are wanted.
override INDICES: u32;

struct Params {
  x_size: vec3u,   // D, H, W of x
  count: u32,      // invocations
  y_size: vec3u,   // W in vectors
  base: u32,
  pad: vec3u,
  outer: u32,      // the first of outer in this dispatch
  steps: vec3u,    // of an index along D, H, W
  channels: u32,   // in outer
  batch: u32,      // step of an index from sample to sample,
  channel: u32,    // from channel to channel
  x_at: u32,
  y_at: u32,       // in vectors
  indices_at: u32, // in vectors
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>;
@group(0) @binding(3) var<uniform> params: Params;

var<private> best: Best;
var<private> seen: vec4<bool>;

/// A candidate for the windows that have it inside.
fn meet_inside(v: vec4u, here: vec4u, inside: vec4<bool>) {
  let r = rank(v);
  var better = wins(r, best.rank);
  if (IGNORE != 0u) { // a window of nothing but NaN has its first one
    better |= !seen;
    seen |= inside;
  }
  better &= inside;
  best = Best(select(best.value, v, better), select(best.cell, here, better), select(best.rank, r, better));
}

fn line(at: u32, w: u32, from_line: u32) {
  let width = params.x_size.z;
  let step = params.steps.z;
  let first = w * SW - params.pad.z; // below 0 wraps, and is then beyond the size
  for (var e = 0u; e < KW; e++) {
    let k = first + e * DW + vec4u(0u, 1u, 2u, 3u) * SW;
    let inside = k < vec4u(width);
    let safe = min(k, vec4u(width - 1u));
    meet_inside(vec4u(x[at + safe.x], x[at + safe.y], x[at + safe.z], x[at + safe.w]), vec4u(from_line) + k * step, inside);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let rows = over(id, params.y_size.z);
  let depths = over(rows, params.y_size.y);
  let n = over(depths, params.y_size.x);
  let w = id - rows * params.y_size.z;
  let d0 = (depths - n * params.y_size.x) * SD - params.pad.x;
  let h0 = (rows - depths * params.y_size.y) * SH - params.pad.y;
  best.rank = vec4i(LOWEST);
  for (var a = 0u; a < KD; a++) {
    let d = d0 + a * DD;
    if (d >= params.x_size.x) { continue; }
    for (var b = 0u; b < KH; b++) {
      let h = h0 + b * DH;
      if (h >= params.x_size.y) { continue; }
      line(params.x_at + ((n * params.x_size.x + d) * params.x_size.y + h) * params.x_size.z, 4u * w, d * params.steps.x + h * params.steps.y);
    }
  }
  y[params.y_at + id] = best.value;
  if (INDICES != 0u) {
    var first = 0u;
    if (params.channel != 0u) { // else indices count in their own plane
      let outer = n + params.outer;
      let sample = over(outer, params.channels);
      first = sample * params.batch + (outer - sample * params.channels) * params.channel;
    }
    indices[params.indices_at + id] = best.cell + vec4u(first);
  }
}
