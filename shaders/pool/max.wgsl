//! y[n,c,o] = max over taps t of x[n,c,o*S - P + t*D] inside x, as bits, and where it was: the first of equals, the last NaN.
//! One invocation: one output, four channels of it; with HALF the two elements of a word. x and y are [outer, D, H, W, inner].
//! Source: PyTorch MaxPool; ONNX MaxPool-22.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::extreme::{Best, first_of, meet, LOWEST, IGNORE};

alias bits = u32;
alias ranks = i32;
alias truths = bool;
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
/// Whether elements have 2 bytes.
override HALF: u32;
/// Whether places are wanted.
override INDICES: u32;
/// Whether windows are at most 2 wide, high and deep, and all inside x: then there are no loops, whose bookkeeping costs software adapters more than
/// the comparisons.
override WHOLE: u32;

struct Params {
  x_size: vec3u,   // D, H, W of x
  inner: u32,      // in lanes
  y_size: vec3u,
  count: u32,      // outputs, in lanes
  steps: vec3u,    // of an index along D, H, W
  base: u32,
  pad: vec3u,
  outer: u32,      // the first of outer in this dispatch
  channels: u32,   // in outer
  batch: u32,      // step of an index from sample to sample,
  channel: u32,    // from channel to channel
  x_at: u32,
  y_at: u32,
  indices_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<bits>;
@group(0) @binding(1) var<storage, read_write> y: array<bits>;
@group(0) @binding(2) var<storage, read_write> indices: array<bits>;
@group(0) @binding(3) var<uniform> params: Params;

/// An element, its bits at the top.
fn load(at: u32) -> bits {
  if (HALF != 0u) { return (x[at / 2u] >> bits(16u * (at % 2u))) << bits(16u); }
  return x[at];
}

/// The taps of one line of a whole window.
fn line(b: Best, at: u32, here: u32) -> Best {
  let first = meet(b, load(at), bits(here));
  if (KW == 1u) { return first; }
  return meet(first, load(at + DW * params.inner), bits(here + DW * params.steps.z));
}

/// A whole window, from its first element and index on.
fn whole(at: u32, here: u32) -> Best {
  let below = DH * params.x_size.z * params.inner;
  let behind = DD * params.x_size.y * params.x_size.z * params.inner;
  let down = DH * params.steps.y;
  let back = DD * params.steps.x;
  var best = first_of(load(at), bits(here));
  if (KW == 2u) { best = meet(best, load(at + DW * params.inner), bits(here + DW * params.steps.z)); }
  if (KH == 2u) { best = line(best, at + below, here + down); }
  if (KD == 2u) {
    best = line(best, at + behind, here + back);
    if (KH == 2u) { best = line(best, at + behind + below, here + back + down); }
  }
  return best;
}

/// Any window, its first element at d0, h0, w0 of a plane; below 0 these wrap, and are then beyond the size.
fn loose(plane: u32, d0: u32, h0: u32, w0: u32) -> Best {
  let size = params.x_size;
  var best = Best(bits(), bits(), ranks(LOWEST));
  var seen = false;
  for (var a = 0u; a < KD; a++) {
    let d = d0 + a * DD;
    if (d >= size.x) { continue; }
    for (var b = 0u; b < KH; b++) {
      let h = h0 + b * DH;
      if (h >= size.y) { continue; }
      let from_x = plane + (d * size.y + h) * size.z * params.inner;
      let from_line = d * params.steps.x + h * params.steps.y;
      for (var e = 0u; e < KW; e++) {
        let w = w0 + e * DW;
        if (w >= size.z) { continue; }
        let v = load(from_x + w * params.inner);
        let here = bits(from_line + w * params.steps.z);
        if (IGNORE != 0u && !seen) { // a window of nothing but NaN has its first one
          best = first_of(v, here);
          seen = true;
        } else {
          best = meet(best, v, here);
        }
      }
    }
  }
  return best;
}

struct Found { value: bits, index: bits }

/// Where a window begins.
struct Spot { n: u32, d: u32, h: u32, w: u32 }

/// The place of column o of y, channels aside. Below 0 axes wrap.
fn spot_of(o: u32) -> Spot {
  let rows = over(o, params.y_size.z);
  let depths = over(rows, params.y_size.y);
  let n = over(depths, params.y_size.x);
  return Spot(n, (depths - n * params.y_size.x) * SD - params.pad.x, (rows - depths * params.y_size.y) * SH - params.pad.y,
    (o - rows * params.y_size.z) * SW - params.pad.z);
}

/// Lane c of the channels of a window.
fn window(s: Spot, c: u32) -> Found {
  let size = params.x_size;
  let plane = params.x_at + s.n * size.x * size.y * size.z * params.inner + c;
  var best: Best;
  if (WHOLE != 0u) {
    let here = s.d * params.steps.x + s.h * params.steps.y + s.w * params.steps.z;
    best = whole(plane + ((s.d * size.y + s.h) * size.z + s.w) * params.inner, here);
  } else {
    best = loose(plane, s.d, s.h, s.w);
  }
  if (params.channel == 0u) { return Found(best.value, best.cell); } // indices count in their own plane
  let outer = s.n + params.outer;
  let sample = over(outer, params.channels);
  let channel = outer - sample * params.channels + c * WIDTH;
  return Found(best.value, best.cell + bits(sample * params.batch + channel * params.channel) + bits(LANES) * bits(params.channel));
}

fn store(at: u32, found: Found) {
  y[params.y_at + at] = found.value;
  if (INDICES != 0u) { indices[params.indices_at + at] = found.index; }
}

/// The output that comes `at` lanes after the first.
fn at_lane(at: u32) -> Found {
  let columns = over(at, params.inner);
  return window(spot_of(columns), at - columns * params.inner);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (HALF == 0u) {
    if (id >= params.count) { return; }
    store(id, at_lane(id));
    return;
  }
  let first = 2u * id;
  if (first >= params.count) { return; }
  let second = min(first + 1u, params.count - 1u);
  let a = at_lane(first);
  let b = at_lane(second);
  y[params.y_at + id] = (a.value >> bits(16u)) | b.value;
  if (INDICES != 0u) {
    indices[params.indices_at + first] = a.index;
    indices[params.indices_at + second] = b.index;
  }
}
