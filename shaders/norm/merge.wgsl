//! stats[s] = (mean, biased variance) of set s, its chunks merged in their order: means and squares move by the distance of the means.
//! One invocation: one set. part is [chunks, sets].
//! Source: Chan, Golub, LeVeque, Algorithms for computing the sample variance.
import package::lib::grid::{flat_index};

struct Params {
  chunks: u32,
  count: u32,   // sets
  base: u32,
}

@group(0) @binding(0) var<storage, read> part: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  var all = part[id];
  for (var k = 1u; k < params.chunks; k++) {
    let more = part[id + k * params.count];
    let n = all.x + more.x;
    let d = more.y - all.y;
    all = vec4f(n, all.y + d * (more.x / n), all.z + more.z + d * d * (all.x * more.x / n), 0.0);
  }
  stats[id] = vec2f(all.y, all.z / all.x);
}
