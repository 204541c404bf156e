//! y[n, c, h*r + i, w*r + j] = x[n, ch, h, w] or back, bit for bit, for elements of 2 bytes; ch as in move_row.
//! One invocation: 4 columns of 4 rows of elements, each row stored as a vector of two words. Rows in y are multiples of 4 elements.
//! table: offsets of rows and columns, four by four; of x in elements. Source: PyTorch PixelShuffle, PixelUnshuffle; ONNX DepthToSpace-13.
import package::lib::grid::{flat_index};
import package::lib::permute::{Params, place_of};

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let source = p.x + table[p.row];
  let result = p.y + table[params.parts.x + p.row] + p.column;
  let k = table[params.parts.y + p.column];
  let rows = min(params.size.x - 4u * p.row, 4u);
  for (var m = 0u; m < rows; m++) {
    let at = source[m] + k;
    let words = vec4u(x[at.x / 2u], x[at.y / 2u], x[at.z / 2u], x[at.w / 2u]);
    let halves = (words >> (16u * (at % 2u))) & vec4u(0xffffu);
    y[result[m]] = halves.xz | (halves.yw << vec2u(16u));
  }
}
