//! y[n,d,h,w,c] = sum over taps i, j, k of a[d,i] * b[h,j] * r[w,k] * x[n,i,j,k,c]; fill where a row has no taps.
//! One invocation: 4 channels of a tile of 4 rows x 4 columns of outputs. x and y are [outer, D, H, W, inner], inner a multiple of 4.
//! Source: PyTorch interpolate; ONNX Resize-19.
import package::lib::grid::{flat_index};
import package::lib::spot::{Spot, spot_of, Taps, taps_of, bits, finite, TAPS, depth_taps, row_taps};

alias real = f32;

struct Params {
  x_size: vec3u,   // D, H, W of x
  inner: u32,      // in vectors
  y_size: vec3u,   // D, H, W of y
  count: u32,      // tiles
  parts: vec3u,    // where depths, rows and columns begin in the table
  base: u32,       // first tile of this dispatch
  taps: vec3u,     // inputs of a tile along D, H and W
  fill: f32,
  blocks: vec2u,   // tiles along W and H
  x_at: u32,       // in vectors
  y_at: u32,       // in vectors
}

@group(0) @binding(0) var<storage, read> x: array<vec4<real>>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<real>>;
@group(0) @binding(3) var<uniform> params: Params;

/// Rows of the tile; a column of each matrix is one output of four lanes.
struct Tile { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

fn at_x(at: u32) -> vec4f { return vec4f(x[at]); }

fn spread(r: vec4f, v: vec4f) -> mat4x4f { return mat4x4f(r.x * v, r.y * v, r.z * v, r.w * v); }

fn weights(e: u32) -> vec4f { return bitcast<vec4f>(table[e]); }

/// Up to 8 inputs of a row are unrolled.
fn quick(s: Spot, t: Taps) -> Tile {
  let last = params.x_size.z - 1u;
  let k = min(t.column + vec4u(0u, 1u, 2u, 3u), vec4u(last)) * params.inner;
  let l = min(t.column + vec4u(4u, 5u, 6u, 7u), vec4u(last)) * params.inner;
  var r: array<vec4f, 8>;
  r[0] = weights(t.columns + 1u);
  if (TAPS > 1u) { r[1] = weights(t.columns + 2u); }
  if (TAPS > 2u) { r[2] = weights(t.columns + 3u); }
  if (TAPS > 3u) { r[3] = weights(t.columns + 4u); }
  if (TAPS > 4u) { r[4] = weights(t.columns + 5u); }
  if (TAPS > 5u) { r[5] = weights(t.columns + 6u); }
  if (TAPS > 6u) { r[6] = weights(t.columns + 7u); }
  if (TAPS > 7u) { r[7] = weights(t.columns + 8u); }
  var tile = Tile();
  for (var i = 0u; i < depth_taps(); i++) {
    let depth = table[t.depths + i];
    let w = bitcast<f32>(depth.y);
    if (w == 0.0) { continue; }
    for (var j = 0u; j < row_taps(); j++) {
      let at = line_at(s, depth.x, t.row + j);
      var line = spread(r[0], at_x(at + k.x));
      if (TAPS > 1u) { line += spread(r[1], at_x(at + k.y)); }
      if (TAPS > 2u) { line += spread(r[2], at_x(at + k.z)); }
      if (TAPS > 3u) { line += spread(r[3], at_x(at + k.w)); }
      if (TAPS > 4u) { line += spread(r[4], at_x(at + l.x)); }
      if (TAPS > 5u) { line += spread(r[5], at_x(at + l.y)); }
      if (TAPS > 6u) { line += spread(r[6], at_x(at + l.z)); }
      if (TAPS > 7u) { line += spread(r[7], at_x(at + l.w)); }
      for (var n = 8u; n < params.taps.z; n++) { line += spread(weights(t.columns + 1u + n), at_x(at + min(t.column + n, last) * params.inner)); }
      let h = w * weights(t.rows + 1u + j);
      tile.a += h.x * line;
      tile.b += h.y * line;
      tile.c += h.z * line;
      tile.d += h.w * line;
    }
  }
  return tile;
}

fn add(sum: vec4f, weight: f32, v: vec4f) -> vec4f { return select(sum, sum + weight * v, weight != 0.0); }

fn add_line(sum: mat4x4f, weight: f32, line: mat4x4f) -> mat4x4f {
  return mat4x4f(add(sum[0], weight, line[0]), add(sum[1], weight, line[1]), add(sum[2], weight, line[2]), add(sum[3], weight, line[3]));
}

/// The same sums in the same order, but an input of weight 0 is not even multiplied: its NaN or infinity must not spread within the tile.
fn exact(s: Spot, t: Taps) -> Tile {
  var tile = Tile();
  for (var i = 0u; i < params.taps.x; i++) {
    let depth = table[t.depths + i];
    let w = bitcast<f32>(depth.y);
    if (w == 0.0) { continue; }
    for (var j = 0u; j < params.taps.y; j++) {
      let at = line_at(s, depth.x, t.row + j);
      var line = mat4x4f();
      for (var n = 0u; n < params.taps.z; n++) {
        let r = weights(t.columns + 1u + n);
        let v = at_x(at + min(t.column + n, params.x_size.z - 1u) * params.inner);
        line = mat4x4f(add(line[0], r.x, v), add(line[1], r.y, v), add(line[2], r.z, v), add(line[3], r.w, v));
      }
      let h = w * weights(t.rows + 1u + j);
      tile = Tile(add_line(tile.a, h.x, line), add_line(tile.b, h.y, line), add_line(tile.c, h.z, line), add_line(tile.d, h.w, line));
    }
  }
  return tile;
}

fn line_at(s: Spot, depth: u32, row: u32) -> u32 {
  return params.x_at + ((s.outer * params.x_size.x + depth) * params.x_size.y + min(row, params.x_size.y - 1u)) * params.x_size.z * params.inner + s.c;
}

fn all_finite(m: mat4x4f) -> bool { return finite(m[0]) && finite(m[1]) && finite(m[2]) && finite(m[3]); }

fn filled(row: mat4x4f, mask: u32) -> mat4x4f {
  let fill = vec4f(params.fill);
  let m = bits(mask);
  return mat4x4f(select(row[0], fill, m.x), select(row[1], fill, m.y), select(row[2], fill, m.z), select(row[3], fill, m.w));
}

fn tile_of(s: Spot) -> Tile {
  let t = taps_of(s);
  var tile = quick(s, t);
  if (!(all_finite(tile.a) && all_finite(tile.b) && all_finite(tile.c) && all_finite(tile.d))) { tile = exact(s, t); }
  if (t.empty != 0u) { tile = Tile(filled(tile.a, t.empty), filled(tile.b, t.empty >> 4u), filled(tile.c, t.empty >> 8u), filled(tile.d, t.empty >> 12u)); }
  return tile;
}

fn put(at: u32, row: mat4x4f, columns: u32) {
  for (var k = 0u; k < columns; k++) { y[at + k * params.inner] = vec4<real>(row[k]); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let s = spot_of(id);
  let t = tile_of(s);
  let rows = params.y_size.y - 4u * s.row;
  let columns = min(params.y_size.z - 4u * s.column, 4u);
  let line = params.y_size.z * params.inner;
  let at = params.y_at + ((s.outer * params.y_size.x + s.depth) * params.y_size.y + 4u * s.row) * line + 4u * s.column * params.inner + s.c;
  put(at, t.a, columns);
  if (rows > 1u) { put(at + line, t.b, columns); }
  if (rows > 2u) { put(at + 2u * line, t.c, columns); }
  if (rows > 3u) { put(at + 3u * line, t.d, columns); }
}
