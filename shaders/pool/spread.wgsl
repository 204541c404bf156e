//! large[n,i] = small[n,o] if the index of window o names i, else 0, for windows side by side: i = o*S + t, 2 of them wide.
//! One invocation: PAIRS pairs of windows next to each other along W, and all their cells, as vectors. small and large are [outer, D, H, W] of words,
//! W of large a multiple of 4; windows may stand over its end along D and H. With CHECK, indices that leave their window are reported.
//! Source: PyTorch MaxUnpool, and the gradient of MaxPool.
import package::lib::grid::{flat_index};
import package::lib::over::{over};
import package::lib::cells::{Params, first_of, cell_of, NOWHERE};
import package::lib::verdict::{outside, stray};

override SD: u32;
override SH: u32;
override PAIRS: u32;
/// Whether windows stand over the end along D or H.
override CROP: u32;
override CHECK: u32;

@group(0) @binding(0) var<storage, read> small: array<vec2u>;
@group(0) @binding(1) var<storage, read> indices: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> large: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

fn report(index: u32, first: u32, place: u32) {
  if (cell_of(index, first).x == NOWHERE) { outside(place); } else { stray(); }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let vectors = params.small.z / 2u;
  let blocks = vectors / PAIRS;
  let rows = over(id, blocks);
  let depths = over(rows, params.small.y);
  let n = over(depths, params.small.x);
  let d0 = (depths - n * params.small.x) * SD;
  let h0 = (rows - depths * params.small.y) * SH;
  let w0 = PAIRS * (id - rows * blocks);
  let first = first_of(n, 0u);
  let step = params.steps.z;
  for (var p = 0u; p < PAIRS; p++) {
    let w = w0 + p;
    let value = small[params.small_at + PAIRS * id + p];
    let index = indices[params.indices_at + PAIRS * id + p];
    let from_w = index.xxyy - vec4u(first) - (4u * w + vec4u(0u, 1u, 2u, 3u)) * step;
    var met = vec4<bool>();
    for (var a = 0u; a < SD; a++) {
      let d = d0 + a;
      if (CROP != 0u && d >= params.large.x) { break; }
      for (var b = 0u; b < SH; b++) {
        let h = h0 + b;
        if (CROP != 0u && h >= params.large.y) { break; }
        let hit = from_w == vec4u(d * params.steps.x + h * params.steps.y);
        met |= hit;
        large[params.large_at + ((n * params.large.x + d) * params.large.y + h) * vectors + w] = select(vec4u(), value.xxyy, hit);
      }
    }
    if (CHECK != 0u && !all(vec2<bool>(met.x || met.y, met.z || met.w))) {
      let place = params.outer * params.small.x * params.small.y * params.small.z + 2u * (PAIRS * id + p);
      if (!(met.x || met.y)) { report(index.x, first, place); }
      if (!(met.z || met.w)) { report(index.y, first, place + 1u); }
    }
  }
}
