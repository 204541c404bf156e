//! As collect.wgsl, for planes of channels: one invocation computes one pixel of four channels, so that its samples are found once.
//! Source: PyTorch grid_sample.
import package::lib::grid::{flat_index};
import package::lib::batch::{spot_of};
import package::lib::coordinate::{DIMS, share};
import package::lib::filed::{BUNDLE, below, above, bundle_of};

alias real_x = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,    // D, H, W
  channels: u32,
  blocks: u32,      // of four channels in this dispatch
  block: u32,       // first one
  bundled: u32,     // whether there are bundles
  samples: u32,     // of one of the batch
  dy_at: u32,
  dx_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_x>;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read> begins: array<u32>;
@group(0) @binding(4) var<storage, read> bundles: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<real_x>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.x_size;
  let plane = u32(size.x * size.y * size.z);
  let s = spot_of(id, plane, params.blocks, 0u);
  let rows = i32(s.place) / size.z;
  let z = rows / size.y;
  let p = vec3i(z, rows - z * size.y, i32(s.place) - rows * size.z);
  let first = max(p - below(), vec3i());
  let last = min(p + above(), size - 1);
  let channel = min(4u * (params.block + s.c) + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
  // Samples are counted over the batch.
  let from_dy = params.dy_at + (s.n * params.channels + channel) * params.samples - s.n * params.samples;
  var sum = vec4f();
  for (var i = first.x; i <= last.x; i++) {
    for (var j = first.y; j <= last.y; j++) {
      let row = ((i32(s.n) * size.x + i) * size.y + j) * size.z;
      let end = begins[row + last.z + 1];
      var e = begins[row + first.z];
      while (e < end) {
        let pair = pairs[e];
        if (params.bundled != 0u && e % BUNDLE == 0u && e + BUNDLE <= end && pairs[e + BUNDLE - 1u].x == pair.x) {
          let b = bundle_of(e / BUNDLE, p, vec3i(i, j, i32(pair.x) - row)) * params.channels + channel;
          sum += vec4f(bundles[b.x], bundles[b.y], bundles[b.z], bundles[b.w]);
          e += BUNDLE;
          continue;
        }
        let sample = pair.y;
        e++;
        let at = sample * DIMS;
        var w = share(places[at], p.z, size.z) * share(places[at + 1u], p.y, size.y);
        if (DIMS == 3u) { w *= share(places[at + 2u], p.x, size.x); }
        let q = from_dy + sample;
        if (w != 0.0) { sum += w * vec4f(f32(dy[q.x]), f32(dy[q.y]), f32(dy[q.z]), f32(dy[q.w])); }
      }
    }
  }
  // Channels that stand in for missing ones hold the last one's value.
  let to = params.dx_at + (s.n * params.channels + channel) * plane + s.place;
  dx[to.x] = real_x(sum.x);
  dx[to.y] = real_x(sum.y);
  dx[to.z] = real_x(sum.z);
  dx[to.w] = real_x(sum.w);
}
