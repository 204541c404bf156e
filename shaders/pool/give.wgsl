//! large[n,c,i] = small[n,c,o] of the window o that owns cell i, else 0.
//! One invocation: one cell. small, large and owner are [outer, D, H, W, inner]. Source: PyTorch MaxUnpool.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::cells::{Params};

alias real = u32;

override REVERSE: u32;

@group(0) @binding(0) var<storage, read> small: array<real>;
@group(0) @binding(1) var<storage, read> owner: array<u32>;
@group(0) @binding(2) var<storage, read_write> large: array<real>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let columns = over(id, params.inner);
  let n = columns / (params.large.x * params.large.y * params.large.z);
  let windows = params.small.x * params.small.y * params.small.z;
  let claim = owner[id];
  var value = real();
  if (claim != 0u) {
    let place = select(claim - 1u, windows - claim, REVERSE != 0u);
    value = small[params.small_at + (n * windows + place) * params.inner + id - columns * params.inner];
  }
  large[params.large_at + id] = value;
}
