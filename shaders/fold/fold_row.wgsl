//! y[n, c, i] = sum over taps t and windows o with o*stride - pad + t*dilation = i of x[n, c*K + t, o], in the order of the taps.
//! One invocation: 4 neighbouring outputs of a row, which share their lists along D and H. x and y in either layout, as [batch, D, H, W, channels].
//! table: along D and H where the list of every output begins and one more, then offsets of x; columns: for every 4 outputs along W, TAPS offsets of each.
//! Source: PyTorch Fold; ONNX Col2Im-18.
import package::lib::grid::{flat_index};

alias real = f32;
/// The most taps that an output has along W.
override TAPS: u32;
const NONE = 0xffffffffu;

struct Params {
  size: vec3u,    // D, H, W of y
  channels: u32,  // those of y, or 1 where they are part of the batch
  lists: vec2u,   // where D and H begin in the table
  count: u32,     // invocations
  blocks: u32,    // of 4 columns, in a row
  x_batch: u32,
  taps: u32,      // from channel to channel of x, where channels are last
  base: u32,
  x_at: u32,
  y_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read> columns: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> y: array<real>;
@group(0) @binding(4) var<uniform> params: Params;

/// An element of x, or 0 where there is none.
fn pick(line: u32, offset: u32) -> f32 {
  if (offset == NONE) { return 0.0; }
  return f32(x[line + offset]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.size;
  let blocks = id / params.channels;
  let rows = blocks / params.blocks;
  let planes = rows / size.y;
  let n = planes / size.x;
  let c = id - blocks * params.channels;
  let part = blocks - rows * params.blocks;
  let d = params.lists.x + planes - n * size.x;
  let h = params.lists.y + rows - planes * size.y;
  let at = params.x_at + n * params.x_batch + c * params.taps;
  let first = part * TAPS;
  var sum = vec4f();
  let d_end = table[d + 1u];
  let h_end = table[h + 1u];
  for (var i = table[d]; i < d_end; i++) {
    for (var j = table[h]; j < h_end; j++) {
      let line = at + table[i] + table[j];
      for (var k = 0u; k < TAPS; k++) {
        let o = columns[first + k];
        sum += vec4f(pick(line, o.x), pick(line, o.y), pick(line, o.z), pick(line, o.w));
      }
    }
  }
  let left = size.z - 4u * part;
  let to = params.y_at + (rows * size.z + 4u * part) * params.channels + c;
  y[to] = real(sum.x);
  if (left > 1u) { y[to + params.channels] = real(sum.y); }
  if (left > 2u) { y[to + 2u * params.channels] = real(sum.z); }
  if (left > 3u) { y[to + 3u * params.channels] = real(sum.w); }
}
