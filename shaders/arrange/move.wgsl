//! y[c] = x[i(c)] for every c of a box, bit for bit; where there is no i(c), fill: lib/box.wgsl.
//! One invocation: one word, 4 bytes, or 16 as vec4<u32>. Any layout by strides, which count words.
//! Source: PyTorch cat, narrow, permute, F.pad.
import package::lib::grid::{flat_index};
import package::lib::box::{Params, SLOW, from_of, sum};

alias word = u32;

@group(0) @binding(0) var<storage, read> x: array<word>;
@group(0) @binding(1) var<storage, read_write> y: array<word>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let planes = id / params.size1.z;
  let slabs = planes / params.size1.y;
  var fast = vec3u(slabs, planes - slabs * params.size1.y, id - planes * params.size1.z);
  var slow = vec3u();
  if (SLOW) {
    let a = slabs / params.size1.x;
    let b = a / params.size0.z;
    fast.x = slabs - a * params.size1.x;
    slow.x = b / params.size0.y;
    slow.y = b - slow.x * params.size0.y;
    slow.z = a - b * params.size0.z;
  }
  let to = params.y_at + sum(fast * params.y1) + sum(slow * params.y0);
  let from_x = from_of(slow, fast);
  var value = word(params.fill);
  if (from_x.inside) { value = x[from_x.at]; }
  y[to] = value;
}
