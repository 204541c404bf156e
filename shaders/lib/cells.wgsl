//! Windows and cells: a window of `small` may point with its index at one cell of `large`. Both are [outer, D, H, W, inner].
//! The root declares params.
import package::lib::over::{over};

struct Params {
  small: vec3u,     // windows along D, H, W
  inner: u32,       // in lanes
  large: vec3u,     // cells
  channels: u32,    // that outer counts
  plane: vec3u,     // the plane that indices count in
  unit: u32,        // what all steps within it are multiples of
  steps: vec3u,     // of an index along D, H, W
  batch: u32,       // from sample to sample
  pad: vec3u,
  channel: u32,     // from channel to channel
  outer: u32,       // the first of outer in this dispatch,
  outers: u32,      // and how many
  column: u32,      // whether indices count along D first, then H, then W
  small_at: u32,
  large_at: u32,
  indices_at: u32,
  count: u32,       // invocations
  base: u32,
}

const NOWHERE = 0xffffffffu;

/// What the first cell of a plane counts; c among inner.
fn first_of(n: u32, c: u32) -> u32 {
  if (params.channel == 0u) { return 0u; } // indices count in their own plane
  let outer = n + params.outer;
  let sample = over(outer, params.channels);
  return sample * params.batch + (outer - sample * params.channels + c) * params.channel;
}

/// The cell that an index names, or NOWHERE: outside its plane, or of large.
fn cell_of(index: u32, first: u32) -> vec3u {
  let local = index - first;
  let at = over(local, params.unit);
  let reverse = params.column != 0u;
  let size = select(params.plane, params.plane.zyx, reverse); // what lies together comes last
  let area = size.y * size.z;
  var slow = 0u;
  if (size.x != 1u || at >= area) { slow = at / area; }
  let rest = at - slow * area;
  let middle = over(rest, size.z);
  var cell = vec3u(slow, middle, rest - middle * size.z);
  if (reverse) { cell = cell.zyx; }
  let known = index >= first && at * params.unit == local && all(cell < params.plane) && all(cell < params.large);
  return select(vec3u(NOWHERE), cell, known);
}

/// A cell's number in its plane of large.
fn flat(cell: vec3u) -> u32 { return (cell.x * params.large.y + cell.y) * params.large.z + cell.z; }

struct Spot { n: u32, c: u32, at: vec3u }

/// Which window, c varies fastest.
fn window_of(id: u32) -> Spot {
  let size = params.small;
  let columns = over(id, params.inner);
  let rows = over(columns, size.z);
  let depths = over(rows, size.y);
  let n = over(depths, size.x);
  return Spot(n, id - columns * params.inner, vec3u(depths - n * size.x, rows - depths * size.y, columns - rows * size.z));
}
