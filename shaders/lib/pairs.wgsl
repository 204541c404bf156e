//! Pairs of a filter's gradient: dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*stride - pad + t*dilation].
//! The sum runs over lines, pieces of rows of small; a slice is a run of lines. Columns are the pairs (b, t) of a group, t fastest.

struct Params {
  stride: vec3i,         // along D, H, W
  piece: u32,            // positions in a line
  dilation: vec3i,
  pad: vec3i,
  small_size: vec3u,     // D, H, W
  rows: u32,             // channels of small per group
  large_size: vec3i,
  channels: u32,         // channels of large per group
  small_stride: vec4u,   // batch, D, H, W
  large_stride: vec4u,
  kernel: vec3u,
  small_channel: u32,    // strides of channels
  taps: vec3u,           // strides of the result: from tap to tap,
  large_channel: u32,
  row: u32,              // from row to row,
  channel: u32,          // from channel to channel,
  slice: u32,            // from slice to slice
  pieces: u32,           // lines in a row of small
  lines: u32,            // of all samples
  per_slice: u32,        // lines
  slices: u32,
  row_blocks: u32,
  columns: u32,          // workgroups along the columns
  groups: u32,
  small_at: u32,
  large_at: u32,
  dw_at: u32,
  count: u32,            // workgroups
  base: u32,
}

struct Place { column: u32, row: u32, slice: u32, group: u32 }

/// The blocks of a workgroup: all its invocations share rows and slice. Blocks of columns vary fastest, then rows, slices, groups.
fn place_of(id: u32) -> Place {
  let a = id / params.columns;
  let b = a / params.row_blocks;
  let g = b / params.slices;
  return Place(id - a * params.columns, a - b * params.row_blocks, b - g * params.slices, g);
}

struct Columns { live: vec4<bool>, b: vec4u, d: vec4u, h: vec4u, w: vec4u }

/// Four columns that stand `step` apart: channel of large within the group, and tap.
fn columns_of(first: u32, step: u32) -> Columns {
  let k = params.kernel;
  let all = params.channels * k.x * k.y * k.z;
  let at = first + step * vec4u(0u, 1u, 2u, 3u);
  let safe = min(at, vec4u(all - 1u));
  let lines = safe / k.z;
  let planes = lines / k.y;
  let b = planes / k.x;
  return Columns(at < vec4u(all), b, planes - b * k.x, lines - planes * k.y, safe - lines * k.z);
}

struct Line { n: u32, d: u32, h: u32, from_w: u32, to_w: u32 }

fn line_of(line: u32) -> Line {
  let rows = line / params.pieces;
  let from_w = (line - rows * params.pieces) * params.piece;
  let planes = rows / params.small_size.y;
  let n = planes / params.small_size.x;
  return Line(n, planes - n * params.small_size.x, rows - planes * params.small_size.y, from_w, min(from_w + params.piece, params.small_size.z));
}

fn within(i: vec4i, size: i32) -> vec4<bool> { return vec4u(i) < vec4u(u32(size)); }
