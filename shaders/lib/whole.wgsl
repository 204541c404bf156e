//! Windows 2 wide, 1 or 2 high and deep, all inside x: no loops over taps, no borders, and one window after another, since what four of them need at
//! once exceeds a CPU's registers.
import package::lib::extreme::{Best, first_of, meet};

struct Params {
  lines: vec4u,      // where the lines of a window begin, in vectors of x,
  cells: vec4u,      // and in indices
  x_step: vec4u,     // from plane to plane of x, and from window to window along D, H and W, in vectors
  cell_step: vec3u,  // of an index, from window to window along D, H and W
  count: u32,        // invocations
  size: vec3u,       // D and H of y, and runs of a row
  base: u32,
  inner: u32,        // channels behind W, in vectors
  tap: u32,          // from tap to tap of x, in vectors,
  step: u32,         // and of an index
  outer: u32,        // the first of outer in this dispatch
  batch: u32,        // step of an index from sample to sample,
  channel: u32,      // from channel to channel,
  channels: u32,     // of which outer counts so many
  x_at: u32,         // in vectors
  y_at: u32,
  indices_at: u32,
}

/// Lines of a window: 1, 2 or 4.
override LINES: u32;

/// The taps of four windows in one of their lines.
struct Line { even: vec4u, odd: vec4u }
/// Their lines; what is beyond LINES is empty.
struct Lines { a: Line, b: Line, c: Line, d: Line }
/// Their results.
struct Four { value: vec4u, cell: vec4u }

fn line(b: Best, taps: vec2u, cells: vec2u) -> Best { return meet(meet(b, taps.x, cells.x), taps.y, cells.y); }

/// What wins among the taps of a window's lines, and its index from the first tap's on; `even` and `odd` tell those of the lines.
fn window(a: vec2u, b: vec2u, c: vec2u, d: vec2u, even: vec4u, odd: vec4u) -> Best {
  let one = meet(first_of(a.x, 0u), a.y, odd.x);
  if (LINES == 1u) { return one; }
  let two = line(one, b, vec2u(even.y, odd.y));
  if (LINES == 2u) { return two; }
  return line(line(two, c, vec2u(even.z, odd.z)), d, vec2u(even.w, odd.w));
}

/// Windows whose first taps have the indices `here`.
fn four(l: Lines, here: vec4u, even: vec4u, odd: vec4u) -> Four {
  let a = l.a;
  let b = l.b;
  let c = l.c;
  let d = l.d;
  let p = window(vec2u(a.even.x, a.odd.x), vec2u(b.even.x, b.odd.x), vec2u(c.even.x, c.odd.x), vec2u(d.even.x, d.odd.x), even, odd);
  let q = window(vec2u(a.even.y, a.odd.y), vec2u(b.even.y, b.odd.y), vec2u(c.even.y, c.odd.y), vec2u(d.even.y, d.odd.y), even, odd);
  let r = window(vec2u(a.even.z, a.odd.z), vec2u(b.even.z, b.odd.z), vec2u(c.even.z, c.odd.z), vec2u(d.even.z, d.odd.z), even, odd);
  let s = window(vec2u(a.even.w, a.odd.w), vec2u(b.even.w, b.odd.w), vec2u(c.even.w, c.odd.w), vec2u(d.even.w, d.odd.w), even, odd);
  return Four(vec4u(p.value, q.value, r.value, s.value), here + vec4u(p.cell, q.cell, r.cell, s.cell));
}
