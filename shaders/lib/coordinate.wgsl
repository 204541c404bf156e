//! Where a sample lies along one axis: its coordinate in pixels, the padding, the taps and their weights.
//! Coordinates are data here, so they are f32, in the order of PyTorch's formula. They are bounded by hand: a grid may hold NaN and infinities.
//! The root declares params, with `padding` 0 zeros, 1 border, 2 reflection, and `corners` 1 where -1 and 1 are the centres of the first and
//! last pixel, 0 where they are the outer edges: one pipeline serves all of them.

override MODE: u32;  // 0 nearest, 1 linear, 2 cubic
override DIMS: u32;  // spatial axes: 2 has no depth

const FAR = 1073741824.0;  // 2^30: beyond, everything is equally far outside
const A = -0.75;           // of the cubic

/// Taps along an axis.
fn taps() -> u32 { return 1u << MODE; }
fn depth_taps() -> u32 { return select(1u, taps(), DIMS == 3u); }

/// The coordinate in pixels, before padding. NaN counts as far below.
fn unnormalized(given: f32, size: i32) -> f32 {
  let bits = bitcast<u32>(given);
  var g = given;
  if ((bits & 0x7fffffffu) > 0x4e800000u) { g = select(-FAR, FAR, bits <= 0x7f800000u); }
  var u = ((g + 1.0) * f32(size) - 1.0) * 0.5;
  if (params.corners != 0u) { u = (g + 1.0) * 0.5 * (f32(size) - 1.0); }
  return clamp(u, -FAR, FAR);
}

/// A coordinate after padding, and its derivative by the one before.
struct Padded { at: f32, slope: f32 }

fn padded(u: f32, size: i32) -> Padded {
  var p = Padded(u, 1.0);
  if (params.padding == 2u) {
    let span = u32(size) - params.corners;
    if (span == 0u) { return Padded(0.0, 0.0); }
    let low = select(-0.5, 0.0, params.corners != 0u);
    let v = abs(u - low);
    let whole = u32(v);  // a float remainder may miss its range, this one is exact
    let rest = f32(whole % span) + (v - f32(whole));
    let odd = ((whole / span) & 1u) == 1u;
    p = Padded(select(rest, f32(span) - rest, odd) + low, select(1.0, -1.0, (u < low) != odd));
  }
  if (params.padding != 0u) {
    let last = f32(size - 1);
    if (p.at <= 0.0 || p.at >= last) { p.slope = 0.0; }
    p.at = clamp(p.at, 0.0, last);
  }
  return p;
}

/// The coordinate that the taps are found from: the cubic pads its taps, the others their coordinate.
fn placed(given: f32, size: i32) -> f32 {
  let u = unnormalized(given, size);
  if (MODE == 2u) { return u; }
  return padded(u, size).at;
}

/// The pixel that tap i reads, or -1.
fn pixel_of(i: i32, size: i32) -> i32 {
  if (MODE == 2u && params.padding == 1u) { return clamp(i, 0, size - 1); }
  if (MODE == 2u && params.padding == 2u) {
    let corners = i32(params.corners);
    let span = size - corners;
    if (span == 0) { return 0; }
    let r = select(i, corners - 1 - i, i < 0) % (2 * span);  // about 0, or about -1/2
    return select(r, 2 * span - 1 + corners - r, r >= size);
  }
  return select(-1, i, i >= 0 && i < size);
}

/// Taps along an axis: the pixels they read, or -1, and their weights.
struct Taps { pixel: vec4i, weight: vec4f }

fn close(v: f32) -> f32 { return ((A + 2.0) * v - (A + 3.0)) * v * v + 1.0; }
fn wide(v: f32) -> f32 { return ((A * v - 5.0 * A) * v + 8.0 * A) * v - 4.0 * A; }
fn close_slope(v: f32) -> f32 { return (3.0 * (A + 2.0) * v - 2.0 * (A + 3.0)) * v; }
fn wide_slope(v: f32) -> f32 { return (3.0 * A * v - 10.0 * A) * v + 8.0 * A; }

fn taps_of(at: f32, size: i32) -> Taps {
  if (MODE == 0u) { return Taps(vec4i(pixel_of(i32(round(at)), size), -1, -1, -1), vec4f(1.0, 0.0, 0.0, 0.0)); }
  let whole = floor(at);
  let i = i32(whole);
  let t = at - whole;
  if (MODE == 1u) { return Taps(vec4i(pixel_of(i, size), pixel_of(i + 1, size), -1, -1), vec4f(1.0 - t, t, 0.0, 0.0)); }
  let pixel = vec4i(pixel_of(i - 1, size), pixel_of(i, size), pixel_of(i + 1, size), pixel_of(i + 2, size));
  return Taps(pixel, vec4f(wide(t + 1.0), close(t), close(1.0 - t), wide(2.0 - t)));
}

/// Derivatives of the weights by the coordinate.
fn slopes_of(at: f32) -> vec4f {
  let t = at - floor(at);
  if (MODE == 0u) { return vec4f(); }
  if (MODE == 1u) { return vec4f(-1.0, 1.0, 0.0, 0.0); }
  return vec4f(wide_slope(t + 1.0), close_slope(t), -close_slope(1.0 - t), -wide_slope(2.0 - t));
}

/// Without a depth axis the only tap is plane 0.
fn depth_taps_of(at: f32, size: i32) -> Taps {
  if (DIMS == 2u) { return Taps(vec4i(), vec4f(1.0)); }
  return taps_of(at, size);
}
fn depth_slopes_of(at: f32) -> vec4f {
  if (DIMS == 2u) { return vec4f(); }
  return slopes_of(at);
}

/// The weight that a pixel has among the taps of a coordinate.
fn share(at: f32, pixel: i32, size: i32) -> f32 {
  if (MODE == 0u) { return select(0.0, 1.0, i32(round(at)) == pixel); }
  let v = abs(at - f32(pixel));
  if (MODE == 1u) { return max(1.0 - v, 0.0); }
  if (params.padding == 0u) { return select(select(0.0, wide(v), v < 2.0), close(v), v <= 1.0); }
  let t = taps_of(at, size);  // several may have been padded onto it
  return dot(select(vec4f(), t.weight, t.pixel == vec4i(pixel)), vec4f(1.0));
}
