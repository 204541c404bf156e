//! large[n,i] = small[n,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t, 2 of them wide.
//! One invocation: PAIRS pairs of windows next to each other along W, and all their cells, as vectors. small and large are [outer, D, H, W] of words,
//! W of large a multiple of 4; windows may stand over its end along D and H. With CHECK, an index that leaves its window is reported.
//! Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::cells::{Params, first_of};
import package::lib::verdict::{stray};

override SD: u32;
override SH: u32;
override PAIRS: u32;
/// Whether windows stand over the end along D or H.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<vec2u>;
@group(0) @binding(1) var<storage, read> indices: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> large: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

/// The cells of two windows in row (d, h) of large: those that an index names get the value.
fn cells(at: u32, vectors: u32, h: u32, from_row: u32, from_w: vec4u, value: vec2u) -> vec4<bool> {
  if (CROP != 0u && h >= params.large.y) { return vec4<bool>(); }
  let hit = from_w == vec4u(from_row + h * params.steps.y);
  large[at + h * vectors] = select(vec4u(), value.xxyy, hit);
  return hit;
}

/// The cells of two windows in plane d of large. Up to 3 rows are unrolled: CPUs take long over loops.
fn plane(d: u32, n: u32, h: u32, w: u32, vectors: u32, from_w: vec4u, value: vec2u) -> vec4<bool> {
  if (CROP != 0u && d >= params.large.x) { return vec4<bool>(); }
  let at = params.large_at + (n * params.large.x + d) * params.large.y * vectors + w;
  let row = d * params.steps.x;
  var met = cells(at, vectors, h, row, from_w, value);
  if (SH > 1u) { met |= cells(at, vectors, h + 1u, row, from_w, value); }
  if (SH > 2u) { met |= cells(at, vectors, h + 2u, row, from_w, value); }
  if (SH > 3u) {
    for (var b = 3u; b < SH; b++) { met |= cells(at, vectors, h + b, row, from_w, value); }
  }
  return met;
}

/// Pair p of an invocation's windows, and whether both stay in theirs.
fn pair(p: u32, id: u32, n: u32, d: u32, h: u32, w: u32, vectors: u32, first: u32) -> bool {
  let value = small[params.small_at + PAIRS * id + p];
  let index = indices[params.indices_at + PAIRS * id + p];
  let from_w = index.xxyy - vec4u(first) - (4u * w + vec4u(0u, 1u, 2u, 3u)) * params.steps.z;
  var met = plane(d, n, h, w, vectors, from_w, value);
  if (SD > 1u) {
    for (var a = 1u; a < SD; a++) { met |= plane(d + a, n, h, w, vectors, from_w, value); }
  }
  return (met.x | met.y) & (met.z | met.w);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let vectors = params.small.z / 2u;
  let blocks = vectors / PAIRS;
  let rows = over(id, blocks);
  let depths = over(rows, params.small.y);
  let n = over(depths, params.small.x);
  let d0 = (depths - n * params.small.x) * SD;
  let h0 = (rows - depths * params.small.y) * SH;
  let w = PAIRS * (id - rows * blocks);
  let first = first_of(n, 0u);
  var stay = pair(0u, id, n, d0, h0, w, vectors, first);
  if (PAIRS > 1u) { stay &= pair(1u, id, n, d0, h0, w + 1u, vectors, first); }
  if (PAIRS > 2u) {
    stay &= pair(2u, id, n, d0, h0, w + 2u, vectors, first);
    stay &= pair(3u, id, n, d0, h0, w + 3u, vectors, first);
  }
  if (CHECK != 0u && !stay) { stray(); }
}
