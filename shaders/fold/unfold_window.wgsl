//! y[n, c*K + t, o] = x[n, c, o*stride - pad + t*dilation], bit for bit; 0 outside.
//! One invocation: one window of one channel, all its K taps. x and y of words in either layout. Source: PyTorch Unfold (im2col).
import package::lib::grid::{flat_index};
import package::lib::taps::{Params, window_of, first_of, element_of, LAST, NONE};

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let at = window_of(id, 1u);
  let first = first_of(at.index);
  let k = params.kernel;
  var to = params.y_at + (at.n * params.channels + at.c) * params.taps * params.windows + at.index;
  var step = params.windows;
  if (LAST != 0u) {
    to = params.y_at + ((at.n * params.windows + at.index) * params.channels + at.c) * params.taps;
    step = 1u;
  }
  for (var d = 0u; d < k.x; d++) {
    for (var h = 0u; h < k.y; h++) {
      for (var w = 0u; w < k.z; w++) {
        let source = element_of(at.n, at.c, first + vec3u(d, h, w) * params.dilation);
        var value = 0u;
        if (source != NONE) { value = x[source]; }
        y[to] = value;
        to += step;
      }
    }
  }
}
