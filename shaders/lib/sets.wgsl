//! Sets of elements of a tensor that are normalised together, cut into chunks. Set s begins at (s / per_sample)*sample + (s % per_sample)*between;
//! its element e is at (e / across)*row + (e % across)*step from there. The root declares params.
struct Params {
  sets: u32,
  all: u32,         // sets of part, where there are more
  per_sample: u32,
  sample: u32,
  between: u32,
  across: u32,
  row: u32,
  step: u32,
  length: u32,      // elements of a set
  per_chunk: u32,
  share: u32,       // sets that share statistics,
  first: u32,       // set 0 in them
  part_at: u32,     // of chunk 0
  x_at: u32,
  dy_at: u32,
  eps: f32,
  count: u32,
  base: u32,
}

/// Where set s begins.
fn set_at(s: u32) -> u32 {
  let n = s / params.per_sample;
  return n * params.sample + (s - n * params.per_sample) * params.between;
}

/// Where element e of a set lies.
fn element_at(e: u32) -> u32 {
  let r = e / params.across;
  return r * params.row + (e - r * params.across) * params.step;
}
