//! y[n,d,h,w,c] = sum over taps i, j, k of a[d,i] * b[h,j] * r[w,k] * x[n,i,j,k,c]; fill where a row has no taps.
//! One invocation: 4 channels of a tile of 4 rows x 4 columns of outputs. x and y are [outer, D, H, W, inner], inner a multiple of 4.
//! Source: PyTorch interpolate; ONNX Resize-19.
import package::lib::grid::{flat_index};
import package::lib::spot::{Spot, spot_of, bits, finite, TAPS_D, TAPS_H, TAPS_W};

alias real = f32;

struct Params {
  x_size: vec3u,   // D, H, W of x
  inner: u32,      // in vectors
  y_size: vec3u,   // D, H, W of y
  count: u32,      // tiles
  parts: vec3u,    // where depths, rows and columns begin in the table
  base: u32,       // first tile of this dispatch
  blocks: vec2u,   // tiles along W and H
  x_at: u32,       // in vectors
  y_at: u32,       // in vectors
  fill: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4<real>>;
@group(0) @binding(1) var<storage, read> table: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<real>>;
@group(0) @binding(3) var<uniform> params: Params;

/// Rows of a tile; the columns of each matrix are pixels, its rows channels.
struct Tile { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

fn weighted(line: mat4x4f, w: f32, exact: bool, sum: mat4x4f) -> mat4x4f {
  if (exact && w == 0.0) { return sum; }
  return sum + w * line;
}

fn tile_of(s: Spot, exact: bool) -> Tile {
  let column = params.parts.z + s.column * (TAPS_W + 1u);
  let row = params.parts.y + s.row * (TAPS_H + 1u);
  let columns = table[column];
  let rows = table[row];
  var r: array<vec4f, TAPS_W>;
  for (var k = 0u; k < TAPS_W; k++) { r[k] = bitcast<vec4f>(table[column + 1u + k]); }
  var t = Tile();
  var empty = false;
  for (var i = 0u; i < TAPS_D; i++) {
    let tap = table[params.parts.x + s.depth * TAPS_D + i];
    let a = bitcast<f32>(tap.y);
    empty = empty || tap.z != 0u;
    if (a == 0.0) { continue; }
    let plane = (s.outer * params.x_size.x + tap.x) * params.x_size.y;
    for (var j = 0u; j < TAPS_H; j++) {
      let at = params.x_at + (plane + min(rows.x + j, params.x_size.y - 1u)) * params.x_size.z * params.inner + s.c;
      var line = mat4x4f();
      for (var k = 0u; k < TAPS_W; k++) {
        let v = vec4f(x[at + min(columns.x + k, params.x_size.z - 1u) * params.inner]);
        let w = r[k];
        if (exact) {
          for (var m = 0u; m < 4u; m++) { if (w[m] != 0.0) { line[m] += w[m] * v; } }
        } else {
          line += mat4x4f(w.x * v, w.y * v, w.z * v, w.w * v);
        }
      }
      let b = a * bitcast<vec4f>(table[row + 1u + j]);
      t.a = weighted(line, b.x, exact, t.a);
      t.b = weighted(line, b.y, exact, t.b);
      t.c = weighted(line, b.z, exact, t.c);
      t.d = weighted(line, b.w, exact, t.d);
    }
  }
  if (empty || (rows.y | columns.y) != 0u) {
    let all = vec4<bool>(empty) | bits(rows.y);
    t.a = filled(t.a, select(columns.y, 15u, all.x));
    t.b = filled(t.b, select(columns.y, 15u, all.y));
    t.c = filled(t.c, select(columns.y, 15u, all.z));
    t.d = filled(t.d, select(columns.y, 15u, all.w));
  }
  return t;
}

fn filled(row: mat4x4f, mask: u32) -> mat4x4f {
  var out = row;
  for (var m = 0u; m < 4u; m++) { if ((mask & (1u << m)) != 0u) { out[m] = vec4f(params.fill); } }
  return out;
}

fn finite_row(m: mat4x4f) -> bool { return finite(m[0]) && finite(m[1]) && finite(m[2]) && finite(m[3]); }

fn put(at: u32, row: mat4x4f, columns: u32) {
  for (var k = 0u; k < columns; k++) { y[at + k * params.inner] = vec4<real>(row[k]); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let s = spot_of(id);
  var t = tile_of(s, false);
  if (!(finite_row(t.a) && finite_row(t.b) && finite_row(t.c) && finite_row(t.d))) { t = tile_of(s, true); }
  let rows = params.y_size.y - 4u * s.row;
  let columns = min(params.y_size.z - 4u * s.column, 4u);
  let line = params.y_size.z * params.inner;
  let at = params.y_at + ((s.outer * params.y_size.x + s.depth) * params.y_size.y + 4u * s.row) * line + 4u * s.column * params.inner + s.c;
  put(at, t.a, columns);
  if (rows > 1u) { put(at + line, t.b, columns); }
  if (rows > 2u) { put(at + 2u * line, t.c, columns); }
  if (rows > 3u) { put(at + 3u * line, t.d, columns); }
}
