//! y[n, c, h*r + i, w*r + j] = x[n, ch, h, w] or back, bit for bit, for elements of 2 bytes; ch as in move.
//! One invocation: one word, two elements that are neighbours in y. Any layout, as a permutation. table: offsets of rows and columns, in elements.
//! Source: PyTorch PixelShuffle, PixelUnshuffle; ONNX DepthToSpace-13.
import package::lib::grid::{flat_index};
import package::lib::permute::{Params, place_of};

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

/// The element that stands at place e of y: rows of this kernel stand in y's order.
fn element(e: u32) -> u32 {
  let p = place_of(e);
  let at = p.x + table[p.row] + table[params.parts.y + p.column];
  return (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = element(2u * id) | (element(2u * id + 1u) << 16u);
}
