//! y[n,c,o] = max over taps t of x[n,c,o*S - P + t*D] inside x, as bits, and where it was: the first of equals, the last NaN.
//! One invocation: one output, or four channels of it; with HALF the two elements of a word. x and y are [outer, D, H, W, inner].
//! Source: PyTorch MaxPool; ONNX MaxPool-22.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::extreme::{rank, LOWEST, HIGHEST, IGNORE};

alias bits = u32;
alias ranks = i32;
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

struct Best { value: bits, index: bits }

fn window(id: u32) -> Best {
  let size = params.x_size;
  let columns = over(id, params.inner);
  let rows = over(columns, params.y_size.z);
  let depths = over(rows, params.y_size.y);
  let n = over(depths, params.y_size.x);
  let c = id - columns * params.inner;
  let d0 = (depths - n * params.y_size.x) * SD - params.pad.x; // below 0 wraps, and is then beyond the size
  let h0 = (rows - depths * params.y_size.y) * SH - params.pad.y;
  let w0 = (columns - rows * params.y_size.z) * SW - params.pad.z;
  let plane = params.x_at + n * size.x * size.y * size.z * params.inner + c;
  var value = bits();
  var cell = bits();
  var best = ranks(LOWEST);
  var seen = false;
  for (var a = 0u; a < KD; a++) {
    let d = d0 + a * DD;
    if (d >= size.x) { continue; }
    for (var b = 0u; b < KH; b++) {
      let h = h0 + b * DH;
      if (h >= size.y) { continue; }
      let line = plane + (d * size.y + h) * size.z * params.inner;
      let from_line = d * params.steps.x + h * params.steps.y;
      for (var e = 0u; e < KW; e++) {
        let w = w0 + e * DW;
        if (w >= size.z) { continue; }
        let v = load(line + w * params.inner);
        let r = rank(v);
        let here = bits(from_line + w * params.steps.z);
        if (IGNORE != 0u && !seen) { // a window of nothing but NaN has its first one
          value = v;
          cell = here;
          best = r;
          seen = true;
          continue;
        }
        let better = (r > best) | (r == ranks(HIGHEST));
        value = select(value, v, better);
        cell = select(cell, here, better);
        best = select(best, r, better);
      }
    }
  }
  if (params.channel == 0u) { return Best(value, cell); } // indices count in their own plane
  let outer = n + params.outer;
  let sample = over(outer, params.channels);
  let channel = outer - sample * params.channels + c * WIDTH;
  return Best(value, cell + bits(sample * params.batch + channel * params.channel) + bits(LANES) * bits(params.channel));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (HALF == 0u) {
    if (id >= params.count) { return; }
    let found = window(id);
    y[params.y_at + id] = found.value;
    if (INDICES != 0u) { indices[params.indices_at + id] = found.index; }
    return;
  }
  let first = 2u * id;
  if (first >= params.count) { return; }
  let second = min(first + 1u, params.count - 1u);
  let a = window(first);
  let b = window(second);
  y[params.y_at + id] = (a.value >> bits(16u)) | b.value;
  if (INDICES != 0u) {
    indices[params.indices_at + first] = a.index;
    indices[params.indices_at + second] = b.index;
  }
}
