//! y[n, c*K + t, o] = x[n, c, o*stride - pad + t*dilation] for elements of 2 bytes, bit for bit; 0 outside.
//! One invocation: one word, two elements that are neighbours in y. x and y in either layout. Source: PyTorch Unfold (im2col).
import package::lib::grid::{flat_index};
import package::lib::taps::{Params, source_of, NONE};

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

fn element(e: u32) -> u32 {
  let at = source_of(e);
  if (at == NONE) { return 0u; }
  return (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  y[params.y_at + id] = element(2u * id) | (element(2u * id + 1u) << 16u);
}
