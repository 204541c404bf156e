//! How far from a pixel the samples are filed that may touch it, and how long bundles of them are.
import package::lib::coordinate::{MODE, DIMS};

/// Samples that follow one another in the sorted list, from a multiple on.
const BUNDLE = 256u;

fn axes() -> vec3i { return vec3i(i32(DIMS) - 2, 1, 1); }

/// Files below the pixel: the taps of their samples reach up.
fn below() -> vec3i { return axes() * i32(MODE); }

/// Files above it: of the linear and nearest modes none, of the cubic one, two where reflection turns the taps round.
fn above() -> vec3i {
  if (MODE != 2u) { return vec3i(); }
  return axes() * select(1, 2, params.padding == 2u);
}

/// Pixels along each axis that the samples filed under one may touch.
fn reach() -> vec3i { return below() + above() + 1; }

/// Where, in units of channels, bundle k has the sum for pixel p of samples filed under another.
fn bundle_of(k: u32, p: vec3i, filed: vec3i) -> u32 {
  let r = reach();
  let o = p - filed + above();
  return k * u32(r.x * r.y * r.z) + u32((o.x * r.y + o.y) * r.z + o.z);
}
