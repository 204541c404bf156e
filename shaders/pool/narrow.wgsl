//! y[i] = x[i], f32 to the element type of y. Sums that were made in f32. With GUARD, nothing unless some index was found to leave its window.
//! One invocation: 16 elements, one of every part of y.
import package::lib::grid::{flat_index};

alias real = f32;

override GUARD: u32;

struct Params { count: u32, part: u32, y_at: u32, base: u32, size: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<real>;
@group(0) @binding(2) var<storage, read> verdict: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count || (GUARD != 0u && verdict[0] == 0u)) { return; }
  for (var k = 0u; k < 16u; k++) {
    let i = id + k * params.part;
    if (i < params.size) { y[params.y_at + i] = real(x[i]); }
  }
}
