//! c[s,i,m,n] = bias[n] + sum over the depths k of slice s of a[i,m,k] * b[i,k,n]: products of batches of matrices, the sum cut into slices.
//! a and b by strides, c [slices, batch, rows, columns]. The root declares params, bias and c.
struct Params {
  batch: u32,
  rows: u32,
  columns: u32,
  depth: u32,
  per_slice: u32,   // depths
  slices: u32,
  a_batch: u32,     // strides
  a_row: u32,
  a_depth: u32,
  b_batch: u32,
  b_depth: u32,
  b_column: u32,
  a_at: u32,
  b_at: u32,
  c_at: u32,
  biased: u32,      // whether there is a bias
  bias_at: u32,
  blocks: vec2u,    // along columns and rows
  count: u32,
  base: u32,
}

struct Place { column: u32, row: u32, batch: u32, slice: u32, first: u32, end: u32 }

/// The block of an invocation or a workgroup: columns vary fastest, then rows, the batch, slices; and its depths.
fn place_of(id: u32) -> Place {
  let rows = id / params.blocks.x;
  let matrices = rows / params.blocks.y;
  let slice = matrices / params.batch;
  let first = slice * params.per_slice;
  return Place(id - rows * params.blocks.x, rows - matrices * params.blocks.y, matrices - slice * params.batch, slice, first, min(first + params.per_slice, params.depth));
}

/// Where row 0 of the result's matrix begins.
fn result_at(p: Place) -> u32 { return params.c_at + (p.slice * params.batch + p.batch) * params.rows * params.columns; }

fn put(at: u32, n: u32, sum: f32) {
  if (n >= params.columns) { return; }
  var v = sum;
  if (params.biased != 0u) { v += f32(bias[params.bias_at + n]); }
  c[at + n] = real_c(v);
}

/// Stores four columns of a row, `step` apart from `column` on, where they are there.
fn store(matrix: u32, row: u32, column: u32, step: u32, sum: vec4f) {
  if (row >= params.rows) { return; }
  let at = matrix + row * params.columns;
  put(at, column, sum.x);
  put(at, column + step, sum.y);
  put(at, column + 2u * step, sum.z);
  put(at, column + 3u * step, sum.w);
}
