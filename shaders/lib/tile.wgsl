//! The tile of scalars that tile.wgsl and tile_row.wgsl share; they differ in how they store it.
//! The root declares x, table and params.
import package::lib::spot::{Spot, Taps, taps_of, bits, finite, TAPS, depth_taps, row_taps};

/// The tile: its columns are rows of outputs. Up to 8 inputs of a row are unrolled.
fn quick(s: Spot, t: Taps) -> mat4x4f {
  let last = params.x_size.z - 1u;
  var r: array<vec4f, 8>;
  r[0] = bitcast<vec4f>(table[t.columns + 1u]);
  if (TAPS > 1u) { r[1] = bitcast<vec4f>(table[t.columns + 2u]); }
  if (TAPS > 2u) { r[2] = bitcast<vec4f>(table[t.columns + 3u]); }
  if (TAPS > 3u) { r[3] = bitcast<vec4f>(table[t.columns + 4u]); }
  if (TAPS > 4u) { r[4] = bitcast<vec4f>(table[t.columns + 5u]); }
  if (TAPS > 5u) { r[5] = bitcast<vec4f>(table[t.columns + 6u]); }
  if (TAPS > 6u) { r[6] = bitcast<vec4f>(table[t.columns + 7u]); }
  if (TAPS > 7u) { r[7] = bitcast<vec4f>(table[t.columns + 8u]); }
  let k = min(t.column + vec4u(0u, 1u, 2u, 3u), vec4u(last)) * params.inner;
  let l = min(t.column + vec4u(4u, 5u, 6u, 7u), vec4u(last)) * params.inner;
  var a = vec4f();
  var b = vec4f();
  var c = vec4f();
  var d = vec4f();
  for (var i = 0u; i < depth_taps(); i++) {
    let depth = table[t.depths + i];
    let w = bitcast<f32>(depth.y);
    if (w == 0.0) { continue; }
    for (var j = 0u; j < row_taps(); j++) {
      let at = line_at(s, depth.x, t.row + j);
      var line = r[0] * f32(x[at + k.x]);
      if (TAPS > 1u) { line += r[1] * f32(x[at + k.y]); }
      if (TAPS > 2u) { line += r[2] * f32(x[at + k.z]); }
      if (TAPS > 3u) { line += r[3] * f32(x[at + k.w]); }
      if (TAPS > 4u) { line += r[4] * f32(x[at + l.x]); }
      if (TAPS > 5u) { line += r[5] * f32(x[at + l.y]); }
      if (TAPS > 6u) { line += r[6] * f32(x[at + l.z]); }
      if (TAPS > 7u) { line += r[7] * f32(x[at + l.w]); }
      for (var n = 8u; n < params.taps.z; n++) { line += bitcast<vec4f>(table[t.columns + 1u + n]) * f32(x[at + min(t.column + n, last) * params.inner]); }
      let h = w * bitcast<vec4f>(table[t.rows + 1u + j]);
      a += h.x * line;
      b += h.y * line;
      c += h.z * line;
      d += h.w * line;
    }
  }
  return mat4x4f(a, b, c, d);
}

fn add(sum: vec4f, weight: f32, v: vec4f) -> vec4f { return select(sum, sum + weight * v, weight != 0.0); }

/// The same sums in the same order, but an input of weight 0 is not even multiplied: its NaN or infinity must not spread within the tile.
fn exact(s: Spot, t: Taps) -> mat4x4f {
  var sum = mat4x4f();
  for (var i = 0u; i < params.taps.x; i++) {
    let depth = table[t.depths + i];
    let w = bitcast<f32>(depth.y);
    if (w == 0.0) { continue; }
    for (var j = 0u; j < params.taps.y; j++) {
      let at = line_at(s, depth.x, t.row + j);
      var line = vec4f();
      for (var n = 0u; n < params.taps.z; n++) {
        let r = bitcast<vec4f>(table[t.columns + 1u + n]);
        line = select(line, line + r * f32(x[at + min(t.column + n, params.x_size.z - 1u) * params.inner]), r != vec4f());
      }
      let h = w * bitcast<vec4f>(table[t.rows + 1u + j]);
      sum = mat4x4f(add(sum[0], h.x, line), add(sum[1], h.y, line), add(sum[2], h.z, line), add(sum[3], h.w, line));
    }
  }
  return sum;
}

fn line_at(s: Spot, depth: u32, row: u32) -> u32 {
  return params.x_at + ((s.outer * params.x_size.x + depth) * params.x_size.y + min(row, params.x_size.y - 1u)) * params.x_size.z * params.inner + s.c;
}

fn tile(s: Spot) -> mat4x4f {
  let t = taps_of(s);
  var sum = quick(s, t);
  if (!(finite(sum[0]) && finite(sum[1]) && finite(sum[2]) && finite(sum[3]))) { sum = exact(s, t); }
  if (t.empty != 0u) {
    let fill = vec4f(params.fill);
    let e = vec4u(t.empty, t.empty >> 4u, t.empty >> 8u, t.empty >> 12u);
    sum = mat4x4f(select(sum[0], fill, bits(e.x)), select(sum[1], fill, bits(e.y)), select(sum[2], fill, bits(e.z)), select(sum[3], fill, bits(e.w)));
  }
  return sum;
}
