//! The way up of a running sum: table[upper + i] = the sum of the i-th run of RUN numbers of table[level ...].
//! One invocation: one run.
import package::lib::grid::{flat_index};
import package::lib::digit::{RUN};

struct Params {
  level: u32,   // where the numbers begin, and how many there are
  length: u32,
  upper: u32,   // where their sums begin
  count: u32,   // runs
  base: u32,
}

@group(0) @binding(0) var<storage, read_write> table: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var sum = 0u;
  let end = min((id + 1u) * RUN, params.length);
  for (var i = id * RUN; i < end; i++) { sum += table[params.level + i]; }
  table[params.upper + id] = sum;
}
