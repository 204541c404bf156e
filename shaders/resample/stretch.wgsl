//! y[n,d,h,w] = x[n,d/SD,h/SH,w/SW], bit for bit: every input becomes a block of SD x SH x SW outputs; with NAILS only the
//! one at (OD,OH,OW) of its block is kept, the others are 0.
//! One invocation: 4 columns, with HALF 8, of the SH rows that stem from one row of x. x and y are [outer, D, H, W] of words, or with HALF of elements of
//! 2 bytes; rows of y are vectors. No table.
//! Source: PyTorch interpolate (nearest, whole scale factors); bed of nails.
import package::lib::grid::{flat_index};

override SD: u32;
override SH: u32;
override SW: u32;
override NAILS: u32;
/// Whether elements have 2 bytes.
override HALF: u32;
override OD: u32;
override OH: u32;
override OW: u32;

struct Params {
  x_size: vec3u,
  count: u32,    // invocations
  blocks: u32,   // vectors in a row of y
  base: u32,
  x_at: u32,
  y_at: u32,     // in vectors
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<uniform> params: Params;

/// Column w of y, from the row of x that begins at line; halves lie low.
fn pick(line: u32, w: u32) -> u32 {
  if (NAILS != 0u && w % SW != OW) { return 0u; }
  let at = line + w / SW;
  if (HALF == 0u) { return x[at]; }
  return (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

/// Word w of the row of y.
fn word(line: u32, w: u32) -> u32 {
  if (HALF == 0u) { return pick(line, w); }
  if (NAILS == 0u && SW % 2u == 0u) { return pick(line, 2u * w) * 0x10001u; } // both halves stem from one
  return pick(line, 2u * w) | (pick(line, 2u * w + 1u) << 16u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let lines = id / params.blocks;
  let column = id - lines * params.blocks;
  let slabs = lines / params.x_size.y;
  let row = lines - slabs * params.x_size.y;
  var line = lines;
  var kept = true;
  if (SD > 1u) {
    line = slabs / SD * params.x_size.y + row;
    kept = NAILS == 0u || slabs % SD == OD;
  }
  line = params.x_at + line * params.x_size.z;
  let w = 4u * column;
  var value = vec4u();
  if (kept) { value = vec4u(word(line, w), word(line, w + 1u), word(line, w + 2u), word(line, w + 3u)); }
  var at = params.y_at + lines * SH * params.blocks + column;
  for (var m = 0u; m < SH; m++) {
    y[at] = select(value, vec4u(), NAILS != 0u && m != OH);
    at += params.blocks;
  }
}
