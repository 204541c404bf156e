//! First third of a pass of a stable sort: table[d*runs + r] = how many pairs of run r have the digit d. A run is RUN pairs that follow one another.
//! One invocation: one run, so that the order of equal digits never depends on timing.
import package::lib::grid::{flat_index};
import package::lib::digit::{DIGITS, RUN, digit_of};

struct Params {
  pairs: u32,
  shift: u32,  // of the digit, in bits
  count: u32,  // runs
  base: u32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> table: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var found: array<u32, DIGITS>;
  let end = min((id + 1u) * RUN, params.pairs);
  for (var i = id * RUN; i < end; i++) { found[digit_of(pairs[i].x, params.shift)]++; }
  for (var d = 0u; d < DIGITS; d++) { table[d * params.count + id] = found[d]; }
}
