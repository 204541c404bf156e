//! y[n,d,h,w,c] = max over taps of x[n,d*S + t*D,…,c], as bits, and where it was: the first of equals, the last NaN.
//! One invocation: four channels, with HALF eight, of RUN windows next to each other along W; they are 2 wide, 1 or 2 high and deep, all inside x.
//! x and y are [outer, D, H, W, inner], inner a multiple of 4, with HALF of 8. Source: PyTorch MaxPool; ONNX MaxPool-22.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::halves::{low, high, joined};
import package::lib::whole::{Params, Line, Lines, Four, LINES, four};

alias bits = u32;
alias ranks = i32;
alias truths = bool;

override RUN: u32;
/// Whether elements have 2 bytes.
override HALF: u32;
/// Whether places are wanted.
override INDICES: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>;
@group(0) @binding(3) var<uniform> params: Params;

fn load(at: u32) -> Line { return Line(x[at], x[at + params.tap]); }
fn lows(l: Line) -> Line { return Line(low(l.even), low(l.odd)); }
fn highs(l: Line) -> Line { return Line(high(l.even), high(l.odd)); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let inner = params.inner;
  let runs = over(id, inner);
  let rows = over(runs, params.size.z);
  let depths = over(rows, params.size.y);
  let n = over(depths, params.size.x);
  let c = id - runs * inner;
  let spot = vec4u(n, depths - n * params.size.x, rows - depths * params.size.y, RUN * (runs - rows * params.size.z));
  // A channel's step is 0 where indices count in their own plane.
  let lanes = vec4u(0u, 1u, 2u, 3u) * select(1u, 2u, HALF != 0u) * params.channel;
  let first = (n + params.outer) * params.batch + c * select(4u, 8u, HALF != 0u) * params.channel;
  var here = first + spot.y * params.cell_step.x + spot.z * params.cell_step.y + spot.w * params.cell_step.z;
  var from_x = params.x_at + spot.x * params.x_step.x + spot.y * params.x_step.y + spot.z * params.x_step.z + spot.w * params.x_step.w + c;
  var to = RUN * runs * inner + c;
  let end = to + RUN * inner;
  let lines = params.lines;
  let y_at = params.y_at;
  let indices_at = params.indices_at;
  let even = params.cells;
  let odd = even + params.step;
  loop {
    let a = load(from_x);
    var b = Line();
    var c = Line();
    var d = Line();
    if (LINES > 1u) { b = load(from_x + lines.y); }
    if (LINES > 2u) {
      c = load(from_x + lines.z);
      d = load(from_x + lines.w);
    }
    if (HALF == 0u) {
      let f = four(Lines(a, b, c, d), here + lanes, even, odd);
      y[y_at + to] = f.value;
      if (INDICES != 0u) { indices[indices_at + to] = f.cell; }
    } else {
      let f = four(Lines(lows(a), lows(b), lows(c), lows(d)), here + lanes, even, odd);
      let g = four(Lines(highs(a), highs(b), highs(c), highs(d)), here + lanes + params.channel, even, odd);
      y[y_at + to] = joined(f.value, g.value);
      if (INDICES != 0u) {
        indices[indices_at + 2u * to] = vec4u(f.cell.x, g.cell.x, f.cell.y, g.cell.y);
        indices[indices_at + 2u * to + 1u] = vec4u(f.cell.z, g.cell.z, f.cell.w, g.cell.w);
      }
    }
    continuing {
      from_x += params.x_step.w;
      here += params.cell_step.z;
      to += inner;
      break if to >= end; // at the end: CPUs run a loop's body once more to find out at its beginning
    }
  }
}
