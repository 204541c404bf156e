//! The way down of a running sum: each number of table[level ...] becomes the sum of all before it, those of earlier runs being table[upper + run].
//! One invocation: one run of RUN numbers. The top level has one run and nothing above.
import package::lib::grid::{flat_index};
import package::lib::digit::{RUN};

struct Params {
  level: u32,
  length: u32,
  upper: u32,
  count: u32,  // runs
  base: u32,
}

@group(0) @binding(0) var<storage, read_write> table: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var sum = 0u;
  if (params.count > 1u) { sum = table[params.upper + id]; }
  let end = params.level + min((id + 1u) * RUN, params.length);
  for (var i = params.level + id * RUN; i < end; i++) {
    let own = table[i];
    table[i] = sum;
    sum += own;
  }
}
