//! A box of up to six axes that is copied between strided tensors: y[y_at + sum of c*y] = x[x_at + sum of i(c)*x], i(c) = c + begin.
//! Axes from the slowest to the fastest in y; those that are not there have size 1. The root declares params.
struct Params {
  size0: vec3u,     // of the slow axes
  x_at: u32,
  size1: vec3u,     // of the fast axes
  y_at: u32,
  x0: vec3u,        // strides
  fill: u32,        // bits of what lies outside
  x1: vec3u,
  count: u32,       // invocations
  y0: vec3u,
  base: u32,
  y1: vec3u,
  begin0: vec3i,
  limit0: vec3i,    // sizes of x
  begin1: vec3i,
  limit1: vec3i,
}

/// Whether the slow axes are there.
override SLOW: bool;
/// Outside of x: 0 does not happen, 1 fill, 2 the nearest edge, 3 mirrored at the edge.
override EDGE: u32;

fn source(c: vec3u, begin: vec3i, limit: vec3i) -> vec3i {
  let i = vec3i(c) + begin;
  let last = limit - 1;
  switch (EDGE) {
    case 2u: { return clamp(i, vec3i(), last); }
    case 3u: { return last - abs(last - abs(i)); }
    default: { return i; }
  }
}

fn sum(v: vec3u) -> u32 { return v.x + v.y + v.z; }

/// Where the element of x stands; whether there is one.
struct From { at: u32, inside: bool }

fn from_of(slow: vec3u, fast: vec3u) -> From {
  let i = source(fast, params.begin1, params.limit1);
  var inside = EDGE != 1u || all(vec3u(i) < vec3u(params.limit1));
  var at = params.x_at + sum(vec3u(i) * params.x1);
  if (SLOW) {
    let k = source(slow, params.begin0, params.limit0);
    inside = inside && (EDGE != 1u || all(vec3u(k) < vec3u(params.limit0)));
    at += sum(vec3u(k) * params.x0);
  }
  return From(at, inside);
}
