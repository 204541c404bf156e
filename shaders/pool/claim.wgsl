//! owner[cell] = the highest claim of the windows whose index names it, 0 if none: their place in the plane from 1 on, or with REVERSE from its end.
//! One invocation: one index. Indices are [outer, D, H, W, inner]; indices outside their plane claim nothing.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, cell_of, flat, window_of, NOWHERE};
import package::lib::verdict::{outside};

override REVERSE: u32;

@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> owner: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let cell = cell_of(indices[params.indices_at + id], first_of(window.n, window.c));
  let windows = params.small.x * params.small.y * params.small.z;
  if (cell.x == NOWHERE) {
    outside(params.outer * windows * params.inner + id);
    return;
  }
  let place = (window.at.x * params.small.y + window.at.y) * params.small.z + window.at.z;
  let cells = params.large.x * params.large.y * params.large.z;
  atomicMax(&owner[(window.n * cells + flat(cell)) * params.inner + window.c], select(place + 1u, windows - place, REVERSE != 0u));
}
