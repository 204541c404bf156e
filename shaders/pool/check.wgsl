//! verdict: whether an index leaves its own window.
//! One invocation: one index. Indices are [outer, D, H, W, inner].
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, cell_of, window_of, NOWHERE};
import package::lib::verdict::{stray};

override KD: u32;
override KH: u32;
override KW: u32;
override SD: u32;
override SH: u32;
override SW: u32;

@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let cell = cell_of(indices[params.indices_at + id], first_of(window.n, window.c));
  let leaves = any(cell + params.pad - window.at * vec3u(SD, SH, SW) >= vec3u(KD, KH, KW)); // before the window wraps
  if (cell.x == NOWHERE || leaves) { stray(); }
}
