//! part[k,s] = (sum of dy, sum of dy*(x - mean)/sqrt(variance + eps)) over chunk k of set s.
//! One invocation: one chunk of one set. Sets: lib/sets.wgsl. Any layout by strides.
import package::lib::grid::{flat_index};
import package::lib::sets::{Params, set_at};

alias real_x = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> dy: array<real_x>;
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> part: array<vec2f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let chunk = id / params.sets;
  let s = id - chunk * params.sets;
  let from_set = set_at(s);
  let about = stats[(params.first + s) / params.share];
  let first = chunk * params.per_chunk;
  let end = min(first + params.per_chunk, params.length);
  var total = vec2f();
  var e = first;
  while (e < end) {
    let row = e / params.across;
    let column = e - row * params.across;
    let n = min(params.across - column, end - e);
    var at = from_set + row * params.row + column * params.step;
    for (var i = 0u; i < n; i++) {
      let g = f32(dy[params.dy_at + at]);
      total += vec2f(g, g * (f32(x[params.x_at + at]) - about.x));
      at += params.step;
    }
    e += n;
  }
  part[params.part_at + chunk * params.all + s] = total * vec2f(1.0, 1.0 / sqrt(about.y + params.eps));
}
