//! Neighbouring outputs along a line of a phase, for kernels that read the filter as it lies. The root declares params.
import package::lib::phase::{Place};

/// A run of outputs: its sample, where its first one is in y, channels aside, and how many its line has left. Its first one reads inputs from `input` on;
/// along the line taps are taken in the order of their inputs: `first`, then `step` further, with the taps `tap`, then `tap_step` further.
struct Line { n: u32, to: u32, left: i32, input: vec3i, first: i32, step: i32, tap: i32, tap_step: i32 }

/// Run number `run` of those with `wide` outputs.
fn line_of(p: Place, run: u32, wide: u32) -> Line {
  let per_line = (u32(p.w.x) + wide - 1u) / wide;
  let lines = run / per_line;
  let planes = lines / u32(p.h.x);
  let n = planes / u32(p.d.x);
  let q = vec3i(vec3u(planes - n * u32(p.d.x), lines - planes * u32(p.h.x), wide * (run - lines * per_line)));
  let o = vec3u(q * params.o_step + vec3i(p.d.z, p.h.z, p.w.z));
  let y = params.y_stride;
  let input = q * params.i_step + vec3i(p.d.y, p.h.y, p.w.y);
  let back = params.i_tap.z < 0;
  let first = select(0, params.taps.z - 1, back);
  return Line(n, params.y_at + n * y.x + o.x * y.y + o.y * y.z + o.z * y.w, p.w.x - q.z, input, input.z + first * params.i_tap.z, abs(params.i_tap.z),
    p.w.w + first * params.t_step.z, select(params.t_step.z, -params.t_step.z, back));
}
