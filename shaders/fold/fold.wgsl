//! y[n, c, i] = sum over taps t and windows o with o*stride - pad + t*dilation = i of x[n, c*K + t, o], in the order of the taps.
//! One invocation: one output. The plain plan: x and y in either layout, as [batch, D, H, W, channels].
//! table: per axis, where the list of every output begins and one more, then offsets of x. Source: PyTorch Fold; ONNX Col2Im-18.
import package::lib::grid::{flat_index};

alias real = f32;

struct Params {
  size: vec3u,    // D, H, W of y
  channels: u32,  // those of y, or 1 where they are part of the batch
  lists: vec3u,   // where each axis begins in the table
  count: u32,     // elements of y
  x_batch: u32,
  taps: u32,      // from channel to channel of x, where channels are last
  base: u32,
  x_at: u32,
  y_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.size;
  let columns = id / params.channels;
  let rows = columns / size.z;
  let planes = rows / size.y;
  let n = planes / size.x;
  let d = params.lists.x + planes - n * size.x;
  let h = params.lists.y + rows - planes * size.y;
  let w = params.lists.z + columns - rows * size.z;
  let at = params.x_at + n * params.x_batch + (id - columns * params.channels) * params.taps;
  var sum = 0.0;
  let d_end = table[d + 1u];
  let h_end = table[h + 1u];
  let w_end = table[w + 1u];
  for (var i = table[d]; i < d_end; i++) {
    for (var j = table[h]; j < h_end; j++) {
      let line = at + table[i] + table[j];
      for (var k = table[w]; k < w_end; k++) { sum += f32(x[line + table[k]]); }
    }
  }
  y[params.y_at + id] = real(sum);
}
