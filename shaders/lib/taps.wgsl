//! Columns of sliding windows: y[n, c*K + t, o] = x[n, c, o*stride - pad + t*dilation], 0 outside. t counts the K taps of a window, o the windows.

/// Whether channels are last.
override LAST: u32;

const NONE = 0xffffffffu;

struct Params {
  x_size: vec3u,    // D, H, W
  channels: u32,    // those of x, or 1 where they are part of the batch
  y_size: vec3u,    // windows along D, H, W
  windows: u32,     // all of them
  stride: vec3u,
  x_batch: u32,
  dilation: vec3u,
  count: u32,       // invocations
  pad: vec3u,
  base: u32,
  kernel: vec3u,    // taps along D, H, W
  taps: u32,        // all of them
  x_step: vec3u,    // from element to element along D, H, W
  x_at: u32,
  y_at: u32,
}

/// A window's place: n of the batch, channel, index.
struct Window { n: u32, c: u32, index: u32 }

/// Digits of [n, c, window], or with channels last of [n, window, c], where `taps` values stand for each c.
fn window_of(id: u32, taps: u32) -> Window {
  if (LAST != 0u) {
    let columns = params.channels * taps;
    let rows = id / columns;
    let n = rows / params.windows;
    return Window(n, id - rows * columns, rows - n * params.windows);
  }
  let rows = id / params.windows;
  let n = rows / (params.channels * taps);
  return Window(n, rows - n * params.channels * taps, id - rows * params.windows);
}

/// The window's first element along D, H and W; before the tensor it wraps, and lies outside it like any other.
fn first_of(index: u32) -> vec3u {
  let size = params.y_size;
  let rows = index / size.z;
  let planes = rows / size.y;
  return vec3u(planes, rows - planes * size.y, index - rows * size.z) * params.stride - params.pad;
}

/// Where element i of channel c stands, or NONE outside.
fn element_of(n: u32, c: u32, i: vec3u) -> u32 {
  if (any(i >= params.x_size)) { return NONE; }
  return params.x_at + n * params.x_batch + c + dot(i, params.x_step);
}

/// Where the element stands that y has at e, or NONE.
fn source_of(e: u32) -> u32 {
  let at = window_of(e, params.taps);
  let k = params.kernel;
  let rows = at.c / k.z;
  let planes = rows / k.y;
  let c = planes / k.x;
  let tap = vec3u(planes - c * k.x, rows - planes * k.y, at.c - rows * k.z);
  return element_of(at.n, c, first_of(at.index) + tap * params.dilation);
}
