//! begins[p] = how many pairs have a key below p: where the samples of pixel p begin in the sorted list.
//! One invocation: one pixel, or the end behind the last, by halving the list.
import package::lib::grid::{flat_index};

struct Params {
  pairs: u32,
  count: u32,  // pixels and 1
  base: u32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> begins: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var from_pair = 0u;
  var to = params.pairs;
  for (var i = 0u; i < 32u; i++) {
    if (from_pair >= to) { break; }
    let middle = (from_pair + to) / 2u;
    if (pairs[middle].x < id) { from_pair = middle + 1u; } else { to = middle; }
  }
  begins[id] = from_pair;
}
