//! verdict[2] = the value of the first index outside its plane.
//! One invocation. Indices are [outer, D, H, W, inner].
import package::lib::cells::{Params};

@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> verdict: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  let each = params.small.x * params.small.y * params.small.z * params.inner;
  let at = 0xffffffffu - verdict[1] - params.outer * each; // before this part wraps
  if (verdict[1] != 0u && at < params.outers * each) { verdict[2] = indices[params.indices_at + at]; }
}
