//! y[n,d,h,w] = max over taps of x[n,d*S + t*D,…], as bits, and where it was: the first of equals, the last NaN.
//! One invocation: RUN times four windows next to each other along W, with HALF eight; they are 2 wide and 2 apart, 1 or 2 high and deep, all inside x, which is
//! read as vectors. x and y are [outer, D, H, W], W of x a multiple of 8, with HALF of 16. Source: PyTorch MaxPool; ONNX MaxPool-22.
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

/// Two vectors of a line, and what four windows find in them.
struct Pair { a: vec4u, b: vec4u }

fn load(at: u32) -> Pair { return Pair(x[at], x[at + 1u]); }
fn taps(p: Pair) -> Line { return Line(vec4u(p.a.xz, p.b.xz), vec4u(p.a.yw, p.b.yw)); }
fn halves(words: vec4u) -> Line { return Line(low(words), high(words)); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let rows = over(id, params.size.z);
  let depths = over(rows, params.size.y);
  let n = over(depths, params.size.x);
  let run = RUN * (id - rows * params.size.z);
  let spot = vec3u(n, depths - n * params.size.x, rows - depths * params.size.y);
  let next = select(4u, 8u, HALF != 0u) * params.cell_step.z;
  var here = spot.y * params.cell_step.x + spot.z * params.cell_step.y + run * next;
  if (INDICES != 0u && params.channel != 0u) { // else indices count in their own plane
    let outer = n + params.outer;
    let sample = over(outer, params.channels);
    here += sample * params.batch + (outer - sample * params.channels) * params.channel;
  }
  var from_x = params.x_at + spot.x * params.x_step.x + spot.y * params.x_step.y + spot.z * params.x_step.z + 2u * run;
  var to = RUN * id;
  let end = to + RUN;
  let lines = params.lines;
  let y_at = params.y_at;
  let indices_at = params.indices_at;
  let even = params.cells;
  let odd = even + params.step;
  let windows = vec4u(0u, 1u, 2u, 3u) * params.cell_step.z;
  loop {
    let a = load(from_x);
    var b = Pair();
    var c = Pair();
    var d = Pair();
    if (LINES > 1u) { b = load(from_x + lines.y); }
    if (LINES > 2u) {
      c = load(from_x + lines.z);
      d = load(from_x + lines.w);
    }
    if (HALF == 0u) {
      let f = four(Lines(taps(a), taps(b), taps(c), taps(d)), here + windows, even, odd);
      y[y_at + to] = f.value;
      if (INDICES != 0u) { indices[indices_at + to] = f.cell; }
    } else {
      let f = four(Lines(halves(a.a), halves(b.a), halves(c.a), halves(d.a)), here + windows, even, odd);
      let g = four(Lines(halves(a.b), halves(b.b), halves(c.b), halves(d.b)), here + 4u * params.cell_step.z + windows, even, odd);
      y[y_at + to] = joined(vec4u(f.value.xz, g.value.xz), vec4u(f.value.yw, g.value.yw));
      if (INDICES != 0u) {
        indices[indices_at + 2u * to] = f.cell;
        indices[indices_at + 2u * to + 1u] = g.cell;
      }
    }
    continuing {
      from_x += 2u;
      here += next;
      to++;
      break if to >= end; // at the end: CPUs run a loop's body once more to find out at its beginning
    }
  }
}
