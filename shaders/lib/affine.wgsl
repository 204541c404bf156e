//! Elements and the coefficients of their channels, in units of one element or four: [rows, channels] in planes of coef. The root declares params.
struct Params {
  channels: u32,
  positions: u32,
  row: u32,       // coefficients from sample to sample; 0 where all share them
  first: u32,     // those of the first sample here
  plane: u32,     // coefficients of a plane
  x_at: u32,
  dy_at: u32,
  y_at: u32,
  count: u32,
  base: u32,
}

/// Whether channels lie innermost.
override LAST: bool;

/// The place of the coefficients of element id.
fn coef_of(id: u32) -> u32 {
  if (LAST) {
    let places = id / params.channels;
    return params.first + places / params.positions * params.row + id - places * params.channels;
  }
  let planes = id / params.positions;
  let n = planes / params.channels;
  return params.first + n * params.row + planes - n * params.channels;
}
