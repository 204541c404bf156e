//! part[o,k,i] = scale * sum over j of f(p[o,r,i], q[o,r,i]), r = k*jump + j*stride: one pass of a sum, over the middle axis.
//! One invocation: one element of part, or four along i, from up to `terms` elements. p and q are [outer, reduced, inner], part is [outer, chunks, inner].
//! Four sums in turn, then passes over the parts: the error grows with the logarithm of the number of terms.
import package::lib::grid::{flat_index};
import package::lib::num::{num};
import package::lib::binary::{pair};

override NUMBER: u32; // q is params.number

alias cell_p = f32;
alias cell_q = f32;
alias cell_y = f32;

struct Params {
  reduced: u32,
  inner: u32,
  chunks: u32,
  jump: u32,     // from the first term of a chunk to that of the next
  stride: u32,   // from term to term
  terms: u32,    // of a chunk, at most
  p_at: u32,
  q_at: u32,
  y_at: u32,
  number: f32,
  scale: f32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> p: array<cell_p>;
@group(0) @binding(1) var<storage, read> q: array<cell_q>;
@group(0) @binding(2) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(3) var<uniform> params: Params;

fn term(at: u32) -> num {
  var second = num(params.number);
  if (NUMBER == 0u) { second = num(q[params.q_at + at]); }
  return pair(num(p[params.p_at + at]), second);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let t = id / params.inner;
  let i = id - t * params.inner;
  let o = t / params.chunks;
  let first = (t - o * params.chunks) * params.jump;
  var n = 0u;
  if (first < params.reduced) { n = min((params.reduced - first + params.stride - 1u) / params.stride, params.terms); }
  let step = params.stride * params.inner;
  var at = (o * params.reduced + first) * params.inner + i;
  var a = num(0.0);
  var b = num(0.0);
  var c = num(0.0);
  var d = num(0.0);
  for (var j = n / 4u; j > 0u; j--) {
    a += term(at);
    b += term(at + step);
    c += term(at + 2u * step);
    d += term(at + 3u * step);
    at += 4u * step;
  }
  for (var j = n % 4u; j > 0u; j--) {
    a += term(at);
    at += step;
  }
  y[params.y_at + id] = cell_y(params.scale * ((a + b) + (c + d)));
}
