//! y[i] = the index x[i] counted another way; 0xffffffff where it is outside its plane.
//! to: steps of the new count along D, H, W, from sample to sample and from channel to channel.
//! One invocation: one index. Indices are [outer, D, H, W, inner].
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, cell_of, window_of, NOWHERE};


@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<storage, read> to: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let cell = cell_of(x[params.indices_at + id], first_of(window.n, window.c));
  let outer = window.n + params.outer;
  let sample = outer / params.channels;
  let first = sample * to[3] + (outer - sample * params.channels + window.c) * to[4];
  let index = first + cell.x * to[0] + cell.y * to[1] + cell.z * to[2];
  y[params.large_at + id] = select(index, NOWHERE, cell.x == NOWHERE);
}
