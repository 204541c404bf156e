//! y[n,c,s] = sum over the taps of sample s of their weight * x[n,c,pixel]; its coordinates are grid[n,s] = (x, y[, z]).
//! One invocation: one output, or four neighbouring channels of it. Any layout by strides.
//! Source: PyTorch grid_sample; ONNX GridSample-22.
import package::lib::grid::{flat_index};
import package::lib::batch::{spot_of};
import package::lib::coordinate::{DIMS, placed, taps, depth_taps, taps_of, depth_taps_of};

alias real_x = f32;
alias real_grid = f32;
alias lanes = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,       // D, H, W
  channels: u32,       // in units of real_x, as the strides are
  x_stride: vec3u,     // batch, channel, pixel
  samples: u32,        // of one of the batch
  y_stride: vec3u,     // batch, channel, sample
  channels_last: u32,
  x_at: u32,
  y_at: u32,
  grid_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> grid: array<real_grid>;
@group(0) @binding(2) var<storage, read_write> y: array<real_x>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let s = spot_of(id, params.samples, params.channels, params.channels_last);
  let size = params.x_size;
  let at = params.grid_at + (s.n * params.samples + s.place) * DIMS;
  let w = taps_of(placed(f32(grid[at]), size.z), size.z);
  let h = taps_of(placed(f32(grid[at + 1u]), size.y), size.y);
  let d = depth_taps_of(placed(f32(grid[at + DIMS - 1u]), size.x), size.x);
  let from_x = params.x_at + s.n * params.x_stride.x + s.c * params.x_stride.y;
  var sum = lanes(0.0);
  for (var i = 0u; i < depth_taps(); i++) {
    for (var j = 0u; j < taps(); j++) {
      let row = d.pixel[i] * size.y + h.pixel[j];
      let v = d.weight[i] * h.weight[j];
      for (var k = 0u; k < taps(); k++) {
        if ((d.pixel[i] | h.pixel[j] | w.pixel[k]) < 0) { continue; }
        sum += v * w.weight[k] * lanes(x[from_x + u32(row * size.z + w.pixel[k]) * params.x_stride.z]);
      }
    }
  }
  y[params.y_at + s.n * params.y_stride.x + s.c * params.y_stride.y + s.place * params.y_stride.z] = real_x(sum);
}
