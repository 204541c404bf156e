//! Four columns of a phase: positions (n, d, h, w) that one invocation computes at once, and how their outputs are stored.
//! The root declares params, table, b and y.
import package::lib::act::{act};
import package::lib::phase::{Params, Place, positions, within};

struct Columns { live: vec4<bool>, n: vec4u, d: vec4i, h: vec4i, w: vec4i }

/// Columns that stand `step` apart: neighbours belong to neighbouring invocations.
fn columns_of(first: u32, step: u32, p: Place) -> Columns {
  let all = positions(p);
  let at = first + step * vec4u(0u, 1u, 2u, 3u);
  let safe = min(at, vec4u(all - 1u));
  let lines = safe / u32(p.w.x);
  let planes = lines / u32(p.h.x);
  let n = planes / u32(p.d.x);
  return Columns(at < vec4u(all), n, vec4i(planes - n * u32(p.d.x)), vec4i(lines - planes * u32(p.h.x)), vec4i(safe - lines * u32(p.w.x)));
}

/// The inputs of tap 0: indices along D, H, W.
fn inputs_d(p: Place, c: Columns) -> vec4i { return c.d * params.i_step.x + p.d.y; }
fn inputs_h(p: Place, c: Columns) -> vec4i { return c.h * params.i_step.y + p.h.y; }
fn inputs_w(p: Place, c: Columns) -> vec4i { return c.w * params.i_step.z + p.w.y; }

/// Stores one row of four sums.
fn store(p: Place, c: Columns, row: u32, sum: vec4f) {
  let entry = table[params.row_list + 2u * row];
  let channel = p.group * params.channels + u32(entry.x);
  var v = sum;
  if (params.bias != 0u) { v += f32(b[params.b_at + channel]); }
  let d = c.d * params.o_step.x + (p.d.z + entry.y);
  let h = c.h * params.o_step.y + (p.h.z + entry.z);
  let w = c.w * params.o_step.z + (p.w.z + entry.w);
  let live = c.live & within(d, params.y_size.x) & within(h, params.y_size.y) & within(w, params.y_size.z);
  let s = params.y_stride;
  let at = params.y_at + channel * params.y_channel + c.n * s.x + vec4u(d) * s.y + vec4u(h) * s.z + vec4u(w) * s.w;
  if (live.x) { y[at.x] = real_y(act(v.x)); }
  if (live.y) { y[at.y] = real_y(act(v.y)); }
  if (live.z) { y[at.z] = real_y(act(v.z)); }
  if (live.w) { y[at.w] = real_y(act(v.w)); }
}
