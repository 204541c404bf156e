//! y[n,d,h,w,c] = x[n,i(d),j(h),k(w),c] for elements of 2 bytes, bit for bit; fill where an index is NONE.
//! One invocation: one word, two elements of y. x and y are [outer, D, H, W, inner] of half words. table: the indices of each axis.
//! Source: PyTorch interpolate (nearest); ONNX Resize-19 (nearest).
import package::lib::grid::{flat_index};

const NONE = 0xffffffffu;

struct Params {
  x_size: vec3u,
  inner: u32,
  y_size: vec3u,
  count: u32,     // words of y
  parts: vec3u,   // where each axis begins in the table
  base: u32,
  x_at: u32,      // in elements
  y_at: u32,      // in words
  fill: u32,      // bits
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

fn element(e: u32) -> u32 {
  let size = params.y_size;
  let columns = e / params.inner;
  let rows = columns / size.z;
  let depths = rows / size.y;
  let n = depths / size.x;
  let i = table[params.parts.x + depths - n * size.x];
  let j = table[params.parts.y + rows - depths * size.y];
  let k = table[params.parts.z + columns - rows * size.z];
  if (i == NONE || j == NONE || k == NONE) { return params.fill; }
  let at = params.x_at + (((n * params.x_size.x + i) * params.x_size.y + j) * params.x_size.z + k) * params.inner + e - columns * params.inner;
  return (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = element(2u * id) | (element(2u * id + 1u) << 16u);
}
