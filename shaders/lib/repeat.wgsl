//! Where an operand that repeats lies: it keeps up to three runs of axes and is the same along all others.
override TERMS: u32; // runs it keeps

fn place(i: u32, div: vec3u, size: vec3u, step: vec3u) -> u32 {
  var at = 0u;
  if (TERMS > 0u) { at += i / div.x % size.x * step.x; }
  if (TERMS > 1u) { at += i / div.y % size.y * step.y; }
  if (TERMS > 2u) { at += i / div.z % size.z * step.z; }
  return at;
}
