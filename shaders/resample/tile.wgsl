//! y[n,d,h,w,c] = sum over taps i, j, k of a[d,i] * b[h,j] * r[w,k] * x[n,i,j,k,c]; fill where a row has no taps.
//! One invocation: a tile of 4 rows x 4 columns of outputs. x and y are [outer, D, H, W, inner].
//! Source: PyTorch interpolate; ONNX Resize-19.
import package::lib::grid::{flat_index};
import package::lib::spot::{spot_of};
import package::lib::tile::{tile};

alias real = f32;

struct Params {
  x_size: vec3u,   // D, H, W of x
  inner: u32,
  y_size: vec3u,   // D, H, W of y
  count: u32,      // tiles
  parts: vec3u,    // where depths, rows and columns begin in the table
  base: u32,       // first tile of this dispatch
  taps: vec3u,     // inputs of a tile along D, H and W
  fill: f32,
  blocks: vec2u,   // tiles along W and H
  x_at: u32,
  y_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let s = spot_of(id);
  let sum = tile(s);
  let rows = min(params.y_size.y - 4u * s.row, 4u);
  let columns = min(params.y_size.z - 4u * s.column, 4u);
  var at = params.y_at + (((s.outer * params.y_size.x + s.depth) * params.y_size.y + 4u * s.row) * params.y_size.z + 4u * s.column) * params.inner + s.c;
  for (var m = 0u; m < rows; m++) {
    for (var k = 0u; k < columns; k++) { y[at + k * params.inner] = real(sum[m][k]); }
    at += params.y_size.z * params.inner;
  }
}
