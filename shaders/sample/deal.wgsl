//! Last third of a pass of a stable sort: every run puts its pairs, in order, behind those that precede them.
//! table[d*runs + r] is the place of the first pair of run r with the digit d. One invocation: one run.
import package::lib::grid::{flat_index};
import package::lib::digit::{DIGITS, RUN, digit_of};

struct Params {
  pairs: u32,
  shift: u32,  // of the digit, in bits
  count: u32,  // runs
  base: u32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> sorted: array<vec2u>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var next: array<u32, DIGITS>;
  for (var d = 0u; d < DIGITS; d++) { next[d] = table[d * params.count + id]; }
  let end = min((id + 1u) * RUN, params.pairs);
  for (var i = id * RUN; i < end; i++) {
    let pair = pairs[i];
    let d = digit_of(pair.x, params.shift);
    sorted[next[d]] = pair;
    next[d]++;
  }
}
