//! dx[n,i,c] = sum over the o with source(o) = i of dy[n,o,c]: the transpose of padding with what x holds, along one axis, o increasing.
//! One invocation: one element. dy is [outer, from, inner], dx [outer, to, inner].
//! Source: PyTorch F.pad (reflect, replicate).
import package::lib::grid::{flat_index};

alias real_dy = f32;
alias real_dx = f32;

struct Params {
  long: u32,     // elements of dy along the axis
  short: u32,    // of dx
  inner: u32,
  begin: u32,    // elements padded before
  dy_at: u32,
  dx_at: u32,
  count: u32,
  base: u32,
}

/// Whether outside elements are mirrored at the edge; else they repeat it.
override REFLECT: bool;

@group(0) @binding(0) var<storage, read> dy: array<real_dy>;
@group(0) @binding(1) var<storage, read_write> dx: array<real_dx>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let rows = id / params.inner;
  let n = rows / params.short;
  let i = rows - n * params.short;
  let line = params.dy_at + n * params.long * params.inner + id - rows * params.inner;
  let last = params.short - 1u;
  var total = 0.0;
  if (REFLECT) {
    if (i >= 1u && i <= params.begin) { total = f32(dy[line + (params.begin - i) * params.inner]); }
    total += f32(dy[line + (params.begin + i) * params.inner]);
    let mirrored = params.begin + 2u * last - i;
    if (i < last && mirrored < params.long) { total += f32(dy[line + mirrored * params.inner]); }
  } else {
    let first = select(params.begin + i, 0u, i == 0u);
    let end = select(params.begin + i + 1u, params.long, i == last);
    for (var o = first; o < end; o++) { total += f32(dy[line + o * params.inner]); }
  }
  dx[params.dx_at + id] = real_dx(total);
}
