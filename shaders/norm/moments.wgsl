//! part[k,s] = (number, mean, sum of squares about it) of chunk k of set s. Two passes over the chunk, both about a value of its own: nothing cancels.
//! One invocation: one chunk of one set. Sets: lib/sets.wgsl. Any layout by strides.
//! Source: Chan, Golub, LeVeque, Algorithms for computing the sample variance.
import package::lib::grid::{flat_index};
import package::lib::sets::{Params, set_at};

alias real_x = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

/// The sums of d and d*d, d = x - shift, over elements first <= e < end.
fn sums(from_x: u32, first: u32, end: u32, shift: f32) -> vec2f {
  var total = vec2f();
  var e = first;
  while (e < end) {
    let row = e / params.across;
    let column = e - row * params.across;
    let n = min(params.across - column, end - e);
    var at = from_x + row * params.row + column * params.step;
    for (var i = 0u; i < n; i++) {
      let d = f32(x[at]) - shift;
      total += vec2f(d, d * d);
      at += params.step;
    }
    e += n;
  }
  return total;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let chunk = id / params.sets;
  let s = id - chunk * params.sets;
  let from_x = params.x_at + set_at(s);
  let first = chunk * params.per_chunk;
  let end = min(first + params.per_chunk, params.length);
  let n = f32(end - first);
  let row = first / params.across;
  let some = f32(x[from_x + row * params.row + (first - row * params.across) * params.step]);
  let middle = some + sums(from_x, first, end, some).x / n;
  let about = sums(from_x, first, end, middle);
  part[params.part_at + chunk * params.all + s] = vec4f(n, middle + about.x / n, max(about.y - about.x * about.x / n, 0.0), 0.0);
}
