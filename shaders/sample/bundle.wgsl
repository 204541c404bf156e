//! bundles[k,o,c] = sum over the k-th BUNDLE of the sorted list, where all its samples are filed under one pixel p, of the weight of pixel p + o * dy[n,c,s].
//! One invocation: four channels. So where one pixel holds most samples, no invocation of collect.wgsl has to add them one after another.
//! bundles is [k, o, channels].
import package::lib::grid::{flat_index};
import package::lib::coordinate::{DIMS, share};
import package::lib::filed::{BUNDLE, above, reach};

alias real_x = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,     // D, H, W
  channels: u32,
  dy_stride: vec3u,  // batch, channel, sample
  samples: u32,      // of one of the batch
  pixels: u32,       // of all
  dy_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_x>;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> bundles: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.x_size;
  let r = vec3u(reach());
  let blocks = (params.channels + 3u) / 4u;
  let at = id / blocks;
  let k = at / (r.x * r.y * r.z);
  let key = pairs[k * BUNDLE].x;
  if (key >= params.pixels || pairs[k * BUNDLE + BUNDLE - 1u].x != key) { return; }
  let rows = i32(key) / size.z;
  let planes = rows / size.y;
  let n = planes / size.x;
  let o = at - k * r.x * r.y * r.z;
  let p = vec3i(planes - n * size.x, rows - planes * size.y, i32(key) - rows * size.z) + vec3i(vec3u(o / (r.y * r.z), o / r.z % r.y, o % r.z)) - above();
  // Samples are counted over the batch.
  let channel = min(4u * (id - at * blocks) + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
  let from_dy = params.dy_at + u32(n) * (params.dy_stride.x - params.samples * params.dy_stride.z) + channel * params.dy_stride.y;
  var sum = vec4f();
  for (var i = 0u; i < BUNDLE; i++) {
    let sample = pairs[k * BUNDLE + i].y;
    let place = sample * DIMS;
    var w = share(places[place], p.z, size.z) * share(places[place + 1u], p.y, size.y);
    if (DIMS == 3u) { w *= share(places[place + 2u], p.x, size.x); }
    let q = from_dy + sample * params.dy_stride.z;
    if (w != 0.0) { sum += w * vec4f(f32(dy[q.x]), f32(dy[q.y]), f32(dy[q.z]), f32(dy[q.w])); }
  }
  // Channels that stand in for missing ones hold the last one's sum.
  let to = at * params.channels + channel;
  bundles[to.x] = sum.x;
  bundles[to.y] = sum.y;
  bundles[to.z] = sum.z;
  bundles[to.w] = sum.w;
}
