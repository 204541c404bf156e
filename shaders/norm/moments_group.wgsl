//! part[k,s] = (number, mean, sum of squares about it) of chunk k of set s, as moments.wgsl has it.
//! One workgroup: one chunk of one set, 64 neighbours at a time. Sets: lib/sets.wgsl. Any layout by strides.
//! Source: Chan, Golub, LeVeque, Algorithms for computing the sample variance.
import package::lib::grid::{group_index};
import package::lib::sets::{Params, set_at, element_at};

alias real_x = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> shared_sums: array<vec2f, 64>;

/// The sum over all invocations, in a fixed order.
fn all_of(v: vec2f, local: u32) -> vec2f {
  workgroupBarrier();
  shared_sums[local] = v;
  workgroupBarrier();
  for (var apart = 32u; apart > 0u; apart /= 2u) {
    if (local < apart) { shared_sums[local] += shared_sums[local + apart]; }
    workgroupBarrier();
  }
  return shared_sums[0];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let chunk = id / params.sets;
  let s = id - chunk * params.sets;
  let from_x = params.x_at + set_at(s);
  let first = chunk * params.per_chunk;
  let end = min(first + params.per_chunk, params.length);
  let n = f32(end - first);
  let some = f32(x[from_x + element_at(first)]);
  var total = vec2f();
  for (var e = first + local; e < end; e += 64u) { total.x += f32(x[from_x + element_at(e)]) - some; }
  let middle = some + all_of(total, local).x / n;
  total = vec2f();
  for (var e = first + local; e < end; e += 64u) {
    let d = f32(x[from_x + element_at(e)]) - middle;
    total += vec2f(d, d * d);
  }
  let about = all_of(total, local);
  if (local == 0u) { part[params.part_at + chunk * params.all + s] = vec4f(n, middle + about.x / n, max(about.y - about.x * about.x / n, 0.0), 0.0); }
}
