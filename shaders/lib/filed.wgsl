//! How far from a pixel the samples are filed that may touch it.
import package::lib::coordinate::{MODE, DIMS};

fn axes() -> vec3i { return vec3i(i32(DIMS) - 2, 1, 1); }

/// Files below the pixel: the taps of their samples reach up.
fn below() -> vec3i { return axes() * i32(MODE); }

/// Files above it: of the linear and nearest modes none, of the cubic one, two where reflection turns the taps round.
fn above() -> vec3i {
  if (MODE != 2u) { return vec3i(); }
  return axes() * select(1, 2, params.padding == 2u);
}
