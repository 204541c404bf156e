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

/// A strip of windows next to each other along W, where windows stand side by side: `apart` are large's planes and rows, `room` is left of D and H,
/// `to` is where its first cell lies, and `here` what that counts. Large in vectors, two cells a window.
struct Strip { apart: vec2u, room: vec2u, to: u32, here: u32 }

/// The strip of an invocation: `run` vectors, each of the cells of `each` windows, which are as deep and as high as `stride`.
fn strip_of(id: u32, run: u32, each: u32, stride: vec2u) -> Strip {
  let vectors = params.small.z / each;
  let blocks = vectors / run;
  let size = params.large.xy;
  let rows = over(id, blocks);
  let depths = over(rows, params.small.y);
  let n = over(depths, params.small.x);
  let d = (depths - n * params.small.x) * stride.x;
  let h = (rows - depths * params.small.y) * stride.y;
  let w = run * (id - rows * blocks);
  let steps = params.steps;
  return Strip(vec2u(size.y * vectors, vectors), size - min(vec2u(d, h), size), params.large_at + ((n * size.x + d) * size.y + h) * vectors + w,
    first_of(n, 0u) + d * steps.x + h * steps.y + 2u * each * w * steps.z);
}

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
