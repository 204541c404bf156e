//! y[i] = 0. One invocation: 16 bytes.
import package::lib::grid::{flat_index};

struct Params { count: u32, base: u32 }

@group(0) @binding(0) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id < params.count) { y[id] = vec4u(); }
}
