//! The tile of scalars that tile.wgsl and tile_row.wgsl share; they differ in how they store it.
//! The root declares x, table and params.
import package::lib::spot::{Spot, bits, finite, TAPS_D, TAPS_H, TAPS_W};

/// The tile. With `exact`, an input of weight 0 is not even multiplied: its NaN or infinity must not spread within the tile.
fn tile_of(s: Spot, exact: bool) -> mat4x4f {
  let column = params.parts.z + s.column * (TAPS_W + 1u);
  let row = params.parts.y + s.row * (TAPS_H + 1u);
  let columns = table[column];
  let rows = table[row];
  var r: array<vec4f, TAPS_W>;
  for (var k = 0u; k < TAPS_W; k++) { r[k] = bitcast<vec4f>(table[column + 1u + k]); }
  var sum = mat4x4f();
  var empty = false;
  for (var i = 0u; i < TAPS_D; i++) {
    let tap = table[params.parts.x + s.depth * TAPS_D + i];
    let a = bitcast<f32>(tap.y);
    empty = empty || tap.z != 0u;
    if (a == 0.0) { continue; }
    let plane = (s.outer * params.x_size.x + tap.x) * params.x_size.y;
    for (var j = 0u; j < TAPS_H; j++) {
      let at = params.x_at + (plane + min(rows.x + j, params.x_size.y - 1u)) * params.x_size.z * params.inner + s.c;
      var line = vec4f();
      for (var k = 0u; k < TAPS_W; k++) {
        let v = f32(x[at + min(columns.x + k, params.x_size.z - 1u) * params.inner]);
        if (exact) { line = select(line, line + r[k] * v, r[k] != vec4f()); } else { line += r[k] * v; }
      }
      let b = a * bitcast<vec4f>(table[row + 1u + j]);
      if (exact) {
        for (var m = 0u; m < 4u; m++) { if (b[m] != 0.0) { sum[m] += b[m] * line; } }
      } else {
        sum += mat4x4f(b.x * line, b.y * line, b.z * line, b.w * line);
      }
    }
  }
  if (empty || (rows.y | columns.y) != 0u) {
    for (var m = 0u; m < 4u; m++) {
      sum[m] = select(sum[m], vec4f(params.fill), bits(select(columns.y, 15u, empty || (rows.y & (1u << m)) != 0u)));
    }
  }
  return sum;
}

/// The tile as it is computed: quickly, and once more with care where something is not finite.
fn tile(s: Spot) -> mat4x4f {
  let sum = tile_of(s, false);
  if (finite(sum[0]) && finite(sum[1]) && finite(sum[2]) && finite(sum[3])) { return sum; }
  return tile_of(s, true);
}
