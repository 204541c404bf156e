//! total[s] = sum over chunks k of part[k,s], in their order.
//! One invocation: one set. part is [chunks, sets].
import package::lib::grid::{flat_index};

struct Params {
  chunks: u32,
  count: u32,   // sets
  base: u32,
}

@group(0) @binding(0) var<storage, read> part: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> total: array<vec2f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var sum = vec2f();
  for (var k = 0u; k < params.chunks; k++) { sum += part[id + k * params.count]; }
  total[id] = sum;
}
