//! y[n,d,h,w] = x[n,i(d),j(h),k(w)], bit for bit; fill where an index is NONE.
//! One invocation: 4 columns of 4 rows, stored as vectors; a row that repeats is read once. x and y are [outer, D, H, W] of words, W of y a multiple of 4.
//! table: the indices of each axis, four by four. Source: PyTorch interpolate (nearest); ONNX Resize-19 (nearest).
import package::lib::grid::{flat_index};

const NONE = 0xffffffffu;

struct Params {
  x_size: vec3u,
  count: u32,     // tiles of 4 x 4
  y_size: vec3u,
  base: u32,
  parts: vec3u,   // where each axis begins in the table
  x_at: u32,
  blocks: vec2u,  // tiles along W and H
  y_at: u32,      // in vectors
  fill: u32,      // bits
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(3) var<uniform> params: Params;

fn pick(line: u32, k: u32) -> u32 {
  if (k == NONE) { return params.fill; }
  return x[line + k];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let lines = id / params.blocks.x;
  let slabs = lines / params.blocks.y;
  let n = slabs / params.y_size.x;
  let column = id - lines * params.blocks.x;
  let row = lines - slabs * params.blocks.y;
  let depth = slabs - n * params.y_size.x;

  let i = table[params.parts.x + depth / 4u][depth % 4u];
  let j = table[params.parts.y + row];
  let k = table[params.parts.z + column];
  let plane = (n * params.x_size.x + i) * params.x_size.y;
  var at = params.y_at + (slabs * params.y_size.y + 4u * row) * params.blocks.x + column;
  var value = vec4u(params.fill);
  var last = NONE;
  let rows = min(params.y_size.y - 4u * row, 4u);
  for (var m = 0u; m < rows; m++) {
    if (i == NONE || j[m] == NONE) {
      value = vec4u(params.fill);
      last = NONE;
    } else if (j[m] != last) {
      last = j[m];
      let line = params.x_at + (plane + last) * params.x_size.z;
      value = vec4u(pick(line, k.x), pick(line, k.y), pick(line, k.z), pick(line, k.w));
    }
    y[at] = value;
    at += params.blocks.x;
  }
}
