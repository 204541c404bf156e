//! What is wrong with indices: words 0 whether one leaves its own window, 1 the first one outside its plane as 0xffffffff - its place, 2 its value.
//! The root declares verdict.

/// The one at `place`, counted over the whole tensor, is outside its plane.
fn outside(place: u32) { atomicMax(&verdict[1], 0xffffffffu - place); }

/// One leaves its own window: no more than that, since compilers for CPUs run what is behind a branch whether it is taken or not.
fn stray() { atomicMax(&verdict[0], 1u); }
