//! part[k,s] = (sum of dy, sum of dy*(x - mean)/sqrt(variance + eps)) over chunk k of set s, as sums.wgsl has it.
//! One workgroup: one chunk of one set, 64 neighbours at a time. Sets: lib/sets.wgsl. Any layout by strides.
import package::lib::grid::{group_index};
import package::lib::sets::{Params, set_at, element_at};

alias real_x = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> dy: array<real_x>;
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> part: array<vec2f>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> shared_sums: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let chunk = id / params.sets;
  let s = id - chunk * params.sets;
  let from_set = set_at(s);
  let about = stats[(params.first + s) / params.share];
  let first = chunk * params.per_chunk;
  let end = min(first + params.per_chunk, params.length);
  var total = vec2f();
  for (var e = first + local; e < end; e += 64u) {
    let at = from_set + element_at(e);
    let g = f32(dy[params.dy_at + at]);
    total += vec2f(g, g * (f32(x[params.x_at + at]) - about.x));
  }
  shared_sums[local] = total;
  workgroupBarrier();
  for (var apart = 32u; apart > 0u; apart /= 2u) {
    if (local < apart) { shared_sums[local] += shared_sums[local + apart]; }
    workgroupBarrier();
  }
  if (local == 0u) { part[params.part_at + chunk * params.all + s] = shared_sums[0] * vec2f(1.0, 1.0 / sqrt(about.y + params.eps)); }
}
