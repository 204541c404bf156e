//! y[n, c, h*r + i, w*r + j] = x[n, ch, h, w] or back, bit for bit; ch = c*r*r + i*r + j (CRD) or (i*r + j)*C + c (DCR).
//! One invocation: 4 columns of 4 rows of words (4 bytes, or 16 as vec4<u32>), fewer at the borders. Any layout, as a permutation of words.
//! table: offsets of rows and columns, four by four. Rows stand in the order in which they read x, so that an invocation reads neighbours.
//! Source: PyTorch PixelShuffle, PixelUnshuffle; ONNX DepthToSpace-13.
import package::lib::grid::{flat_index};
import package::lib::permute::{Params, place_of};

alias word = u32;

@group(0) @binding(0) var<storage, read> x: array<word>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<word>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let source = p.x + table[p.row];
  let result = p.y + table[params.parts.x + p.row] + 4u * p.column;
  let k = table[params.parts.y + p.column];
  let rows = min(params.size.x - 4u * p.row, 4u);
  let columns = min(params.size.y - 4u * p.column, 4u);
  for (var m = 0u; m < rows; m++) {
    let at = source[m] + k;
    let to = result[m];
    y[to] = x[at.x];
    if (columns > 1u) { y[to + 1u] = x[at.y]; }
    if (columns > 2u) { y[to + 2u] = x[at.z]; }
    if (columns > 3u) { y[to + 3u] = x[at.w]; }
  }
}
