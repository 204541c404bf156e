//! y[n, c, h*r + i, w*r + j] = x[n, ch, h, w] or back, bit for bit; ch = c*r*r + i*r + j (CRD) or (i*r + j)*C + c (DCR).
//! One invocation: one word (4 bytes, or 16 as vec4<u32>). Any layout, as a permutation of words. table: offsets of rows and columns.
//! Source: PyTorch PixelShuffle, PixelUnshuffle; ONNX DepthToSpace-13.
import package::lib::grid::{flat_index};
import package::lib::permute::{Params, place_of};

alias word = u32;

@group(0) @binding(0) var<storage, read> x: array<word>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<word>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let p = place_of(id);
  y[p.y + table[params.parts.x + p.row] + p.column] = x[p.x + table[p.row] + table[params.parts.y + p.column]];
}
