//! A tile of 4 x 4 outputs: Y = B * X * transpose(R), summed over depth taps. B is 4 rows of outputs by taps.y inputs,
//! R 4 columns of outputs by taps.z inputs: neighbouring outputs share what they read.
//! table, as vec4u: per output depth taps.x pairs (input, weight, empty); per block of 4 rows, and of 4 columns, a header
//! (first input, mask of outputs without taps) and for each input the weights of the 4 outputs, as f32 bits.
//! The root declares params, with the numbers of taps along D, H and W, and table.
//! Only the taps of a row are unrolled, up to 8: compilers take seconds over more.

/// Unrolled taps of a row.
override TAPS: u32;
/// Taps along D and H where they are few, so that loops have constant bounds; else 0.
override TAPS_D: u32;
override TAPS_H: u32;

fn depth_taps() -> u32 {
  if (TAPS_D != 0u) { return TAPS_D; }
  return params.taps.x;
}
fn row_taps() -> u32 {
  if (TAPS_H != 0u) { return TAPS_H; }
  return params.taps.y;
}

/// Which tile: c in units of the element type, column and row in tiles.
struct Spot { c: u32, column: u32, row: u32, depth: u32, outer: u32 }

/// The tile of an invocation: c varies fastest, then columns, rows, depth, outer.
fn spot_of(id: u32) -> Spot {
  let columns = id / params.inner;
  let rows = columns / params.blocks.x;
  let depths = rows / params.blocks.y;
  let outer = depths / params.y_size.x;
  return Spot(id - columns * params.inner, columns - rows * params.blocks.x, rows - depths * params.blocks.y, depths - outer * params.y_size.x, outer);
}

/// What a tile reads: places in the table, the first input column and row, and the mask of outputs without taps, row by row.
struct Taps { depths: u32, rows: u32, columns: u32, row: u32, column: u32, empty: u32 }

fn taps_of(s: Spot) -> Taps {
  let depths = params.parts.x + s.depth * params.taps.x;
  let rows = params.parts.y + s.row * (params.taps.y + 1u);
  let columns = params.parts.z + s.column * (params.taps.z + 1u);
  let row = table[rows];
  let column = table[columns];
  var empty = 0u;
  if (params.fill != 0.0) {
    for (var m = 0u; m < 4u; m++) { empty |= select(column.y, 15u, (row.y & (1u << m)) != 0u || table[depths].z != 0u) << (4u * m); }
  }
  return Taps(depths, rows, columns, row.x, column.x, empty);
}

fn bits(mask: u32) -> vec4<bool> { return (vec4u(mask) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u); }

/// False for infinities and NaN, by bits: compilers may assume that there are none.
fn finite(v: vec4f) -> bool { return all((bitcast<vec4u>(v) & vec4u(0x7f800000u)) < vec4u(0x7f800000u)); }
