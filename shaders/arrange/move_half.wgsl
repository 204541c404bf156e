//! y[c] = x[i(c)] for every c of a box of 2-byte elements, bit for bit; where there is no i(c), fill: lib/box.wgsl.
//! One invocation: one word of y, two elements; those outside the box stay as they are, they belong to another copy. Any layout by strides.
//! Source: PyTorch cat, narrow, permute, F.pad.
import package::lib::grid::{flat_index};
import package::lib::box::{Params, SLOW, from_of};

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const NONE = 0xffffffffu;

/// The bits of element e of y, or NONE outside the box. Strides of y decrease, and each is a multiple of all that lies within it.
fn element(e: u32) -> u32 {
  if (e < params.y_at) { return NONE; }
  var rest = e - params.y_at;
  var slow = vec3u();
  var fast = vec3u();
  if (SLOW) {
    slow.x = rest / params.y0.x;
    rest -= slow.x * params.y0.x;
    slow.y = rest / params.y0.y;
    rest -= slow.y * params.y0.y;
    slow.z = rest / params.y0.z;
    rest -= slow.z * params.y0.z;
  }
  fast.x = rest / params.y1.x;
  rest -= fast.x * params.y1.x;
  fast.y = rest / params.y1.y;
  rest -= fast.y * params.y1.y;
  fast.z = rest / params.y1.z;
  if (rest != fast.z * params.y1.z || any(fast >= params.size1) || any(slow >= params.size0)) { return NONE; }
  let from_x = from_of(slow, fast);
  if (!from_x.inside) { return params.fill; }
  return (x[from_x.at / 2u] >> (16u * (from_x.at % 2u))) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let to = params.y_at / 2u + id;
  let a = element(2u * to);
  let b = element(2u * to + 1u);
  if (a == NONE && b == NONE) { return; }
  if (a == NONE || b == NONE) {
    let old = y[to];
    y[to] = select(a, old & 0xffffu, a == NONE) | select(b << 16u, old & 0xffff0000u, b == NONE);
    return;
  }
  y[to] = a | (b << 16u);
}
