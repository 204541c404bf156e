//! dx[n,c,p] = sum over the samples s filed under p or near it, in the order of the sorted list, of the weight of p among the taps of s * dy[n,c,s];
//! bundles of samples are added as they are.
//! One invocation: one element of dx, or four neighbouring channels of it. Pixels of a row follow one another in the list, so that each
//! neighbouring row is one piece of it.
//! Source: PyTorch grid_sample.
import package::lib::grid::{flat_index};
import package::lib::batch::{spot_of};
import package::lib::coordinate::{DIMS, share};
import package::lib::filed::{BUNDLE, below, above, bundle_of};

alias real_x = f32;
alias lanes = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,       // D, H, W
  channels: u32,       // of this dispatch, in units of real_x, as the strides are
  dx_stride: vec3u,    // batch, channel, pixel
  samples: u32,        // of one of the batch
  dy_stride: vec3u,    // batch, channel, sample
  channels_last: u32,
  channel: u32,        // first one
  all_channels: u32,   // of dx
  bundled: u32,        // whether there are bundles
  dy_at: u32,
  dx_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_x>;
@group(0) @binding(1) var<storage, read> places: array<f32>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read> begins: array<u32>;
@group(0) @binding(4) var<storage, read> bundles: array<lanes>;
@group(0) @binding(5) var<storage, read_write> dx: array<real_x>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.x_size;
  let s = spot_of(id, u32(size.x * size.y * size.z), params.channels, params.channels_last);
  let c = params.channel + s.c;
  let rows = i32(s.place) / size.z;
  let z = rows / size.y;
  let p = vec3i(z, rows - z * size.y, i32(s.place) - rows * size.z);
  let first = max(p - below(), vec3i());
  let last = min(p + above(), size - 1);
  // Samples are counted over the batch.
  let from_dy = params.dy_at + s.n * params.dy_stride.x + c * params.dy_stride.y - s.n * params.samples * params.dy_stride.z;
  var sum = lanes(0.0);
  for (var i = first.x; i <= last.x; i++) {
    for (var j = first.y; j <= last.y; j++) {
      let row = ((i32(s.n) * size.x + i) * size.y + j) * size.z;
      let end = begins[row + last.z + 1];
      var e = begins[row + first.z];
      while (e < end) {
        let pair = pairs[e];
        if (params.bundled != 0u && e % BUNDLE == 0u && e + BUNDLE <= end && pairs[e + BUNDLE - 1u].x == pair.x) {
          sum += bundles[bundle_of(e / BUNDLE, p, vec3i(i, j, i32(pair.x) - row)) * params.all_channels + c];
          e += BUNDLE;
          continue;
        }
        let sample = pair.y;
        e++;
        let at = sample * DIMS;
        var w = share(places[at], p.z, size.z) * share(places[at + 1u], p.y, size.y);
        if (DIMS == 3u) { w *= share(places[at + 2u], p.x, size.x); }
        if (w != 0.0) { sum += w * lanes(dy[from_dy + sample * params.dy_stride.z]); }
      }
    }
  }
  dx[params.dx_at + s.n * params.dx_stride.x + c * params.dx_stride.y + s.place * params.dx_stride.z] = real_x(sum);
}
