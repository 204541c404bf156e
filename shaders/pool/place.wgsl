//! large[n,c,i] = small[n,c,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t.
//! One invocation: one window and all its cells, or four channels of them. small and large are [outer, D, H, W, inner]; windows may stand over the end of
//! large. With CHECK, an index that leaves its window is reported. Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::cells::{Params, first_of, window_of};
import package::lib::verdict::{stray};

alias real = u32;
alias places = u32;
/// Numbers of the lanes: channels next to each other.
const LANES = 0u;

override SD: u32;
override SH: u32;
override SW: u32;
/// Channels of an invocation.
override WIDTH: u32;
/// Whether windows stand over the end of large.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<real>;
@group(0) @binding(1) var<storage, read> indices: array<places>;
@group(0) @binding(2) var<storage, read_write> large: array<real>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let window = window_of(id);
  let value = small[params.small_at + id];
  let index = indices[params.indices_at + id];
  let first = first_of(window.n, window.c * WIDTH);
  let local_index = index - places(first) - places(LANES) * places(params.channel);
  let zero = real();
  var met = vec4<bool>();
  let size = params.large;
  for (var a = 0u; a < SD; a++) {
    let d = window.at.x * SD + a;
    if (CROP != 0u && d >= size.x) { break; }
    for (var b = 0u; b < SH; b++) {
      let h = window.at.y * SH + b;
      if (CROP != 0u && h >= size.y) { break; }
      let line = ((window.n * size.x + d) * size.y + h) * size.z;
      for (var e = 0u; e < SW; e++) {
        let w = window.at.z * SW + e;
        if (CROP != 0u && w >= size.z) { break; }
        let hit = local_index == places(d * params.steps.x + h * params.steps.y + w * params.steps.z);
        met |= vec4<bool>(hit);
        large[params.large_at + (line + w) * params.inner + window.c] = select(zero, value, hit);
      }
    }
  }
  if (CHECK != 0u && !all(met)) { stray(); }
}
