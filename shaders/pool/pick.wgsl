//! small[n,c,o] = large[n,c,i] of the cell i that the index of window o names, 0 where there is none; with OWNED 0 where another window owns it.
//! One invocation: one window. small and large are [outer, D, H, W, inner]. With CHECK, an index that leaves its window is reported,
//! else the first one outside its plane.
//! Source: the gradient of PyTorch MaxUnpool, without its copies to losers.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, cell_of, flat, window_of, NOWHERE};
import package::lib::verdict::{outside, stray};

alias real = u32;

override KD: u32;
override KH: u32;
override KW: u32;
override SD: u32;
override SH: u32;
override SW: u32;
override CHECK: u32;
override OWNED: u32;
override REVERSE: u32;

@group(0) @binding(0) var<storage, read> large: array<real>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> owner: array<u32>;
@group(0) @binding(3) var<storage, read_write> small: array<real>;
@group(0) @binding(4) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let cell = cell_of(indices[params.indices_at + id], first_of(window.n, window.c));
  let windows = params.small.x * params.small.y * params.small.z;
  var value = real();
  let known = cell.x != NOWHERE;
  let at = (window.n * params.large.x * params.large.y * params.large.z + flat(select(vec3u(), cell, known))) * params.inner + window.c;
  value = select(value, large[params.large_at + at], known);
  if (OWNED != 0u) {
    let place = (window.at.x * params.small.y + window.at.y) * params.small.z + window.at.z;
    value = select(real(), value, owner[at] == select(place + 1u, windows - place, REVERSE != 0u));
  }
  small[params.small_at + id] = value;
  if (CHECK != 0u) {
    let leaves = any(cell + params.pad - window.at * vec3u(SD, SH, SW) >= vec3u(KD, KH, KW)); // before the window wraps
    if (!known || leaves) { stray(); }
  } else if (!known) {
    outside(params.outer * windows * params.inner + id);
  }
}
