//! Floats compared as integers, by their bits: exact for denormals, infinities and zeros of both signs, and NaN is told apart without arithmetic.
//! The root declares the aliases bits (u32 or a vector), ranks (i32, the same) and truths (bool).

/// Infinity, as the element type has it, in the upper bits.
override INFINITY_BITS: u32;
/// Whether a NaN loses.
override IGNORE: u32;

const LOWEST = -2147483647i - 1i;
const HIGHEST = 2147483647i;

/// Whole numbers in the order of floats whose bits begin at the top: -0 and 0 are equal, every NaN is above infinity, or to be ignored LOWEST.
fn rank(v: bits) -> ranks {
  let s = bitcast<ranks>(v);
  let number = select(s & ranks(HIGHEST), ranks(LOWEST) - s, s < ranks(LOWEST + i32(INFINITY_BITS) + 1i));
  if (IGNORE == 0u) { return number; }
  return select(number, ranks(LOWEST), number > ranks(i32(INFINITY_BITS)));
}

/// Whether a later candidate takes the place of what stands: it must be greater; a NaN that counts does, whatever stands.
fn wins(later: ranks, best: ranks) -> truths { return (later > best) | (later > ranks(i32(INFINITY_BITS))); }

/// The greatest so far of each lane, where it was, and its rank.
struct Best { value: bits, cell: bits, rank: ranks }

/// The first candidate stands, a NaN too.
fn first_of(v: bits, here: bits) -> Best { return Best(v, here, rank(v)); }

fn meet(b: Best, v: bits, here: bits) -> Best {
  let r = rank(v);
  let better = wins(r, b.rank);
  return Best(select(b.value, v, better), select(b.cell, here, better), select(b.rank, r, better));
}
