//! Floats compared as integers, by their bits: exact for denormals, infinities and zeros of both signs, and NaN is told apart without arithmetic.
//! The root declares the aliases bits (u32 or a vector) and ranks (i32, the same).

/// Infinity, as the element type has it, in the upper bits.
override INFINITY_BITS: u32;
/// Whether a NaN loses.
override IGNORE: u32;

const LOWEST = -2147483647i - 1i;
const HIGHEST = 2147483647i;

/// Whole numbers in the order of floats whose bits begin at the top: -0 and 0 are equal, every NaN is HIGHEST, or to be ignored LOWEST.
fn rank(v: bits) -> ranks {
  let s = bitcast<ranks>(v);
  let size = v & bits(0x7fffffffu);
  let number = select(s, ranks(LOWEST) - s, s < ranks(0i));
  return select(number, ranks(select(HIGHEST, LOWEST, IGNORE != 0u)), size > bits(INFINITY_BITS));
}

/// The greatest so far of each lane, where it was, and its rank.
struct Best { value: bits, cell: bits, rank: ranks }

/// The first candidate stands, a NaN too.
fn first_of(v: bits, here: bits) -> Best { return Best(v, here, min(rank(v), ranks(HIGHEST - 1i))); }

/// A later candidate must be greater; a NaN that counts is greater than what stands, whatever that is.
fn meet(b: Best, v: bits, here: bits) -> Best {
  let r = rank(v);
  let better = r > b.rank;
  return Best(select(b.value, v, better), select(b.cell, here, better), min(max(b.rank, r), ranks(HIGHEST - 1i)));
}
