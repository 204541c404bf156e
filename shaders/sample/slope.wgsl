//! dgrid[n,s,a] = (size[a] or size[a] - 1)/2 * padding's derivative * sum over c and the taps of dw/da * dy[n,c,s] * x[n,c,pixel].
//! One invocation: one sample, all its coordinates. Any layout by strides.
//! Source: PyTorch grid_sample.
import package::lib::grid::{flat_index};
import package::lib::coordinate::{MODE, DIMS, unnormalized, padded, Padded, taps, depth_taps, taps_of, depth_taps_of, slopes_of, depth_slopes_of};

alias real_x = f32;
alias real_grid = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,     // D, H, W
  channels: u32,
  x_stride: vec3u,   // batch, channel, pixel
  samples: u32,      // of one of the batch
  dy_stride: vec3u,  // batch, channel, sample
  x_at: u32,
  dy_at: u32,
  grid_at: u32,
  dgrid_at: u32,
  count: u32,        // samples of all
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_x>;
@group(0) @binding(1) var<storage, read> x: array<real_x>;
@group(0) @binding(2) var<storage, read> grid: array<real_grid>;
@group(0) @binding(3) var<storage, read_write> dgrid: array<real_grid>;
@group(0) @binding(4) var<uniform> params: Params;

/// The coordinate that the taps are found from, and its derivative by the grid's.
fn coordinate(at: u32, size: i32) -> Padded {
  var p = Padded(unnormalized(f32(grid[at]), size), 1.0);
  if (MODE != 2u) { p = padded(p.at, size); }
  p.slope *= 0.5 * f32(size - i32(params.corners));
  return p;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let n = id / params.samples;
  let size = params.x_size;
  let at = params.grid_at + id * DIMS;
  let cw = coordinate(at, size.z);
  let ch = coordinate(at + 1u, size.y);
  let cd = coordinate(at + DIMS - 1u, size.x);
  let w = taps_of(cw.at, size.z);
  let h = taps_of(ch.at, size.y);
  let d = depth_taps_of(cd.at, size.x);
  let w_slope = slopes_of(cw.at);
  let h_slope = slopes_of(ch.at);
  let d_slope = depth_slopes_of(cd.at);
  let from_x = params.x_at + n * params.x_stride.x;
  let from_dy = params.dy_at + n * params.dy_stride.x + (id - n * params.samples) * params.dy_stride.z;
  var sum = vec3f();
  if (MODE != 0u) {
    for (var i = 0u; i < depth_taps(); i++) {
      for (var j = 0u; j < taps(); j++) {
        let row = d.pixel[i] * size.y + h.pixel[j];
        for (var k = 0u; k < taps(); k++) {
          if ((d.pixel[i] | h.pixel[j] | w.pixel[k]) < 0) { continue; }
          let p = from_x + u32(row * size.z + w.pixel[k]) * params.x_stride.z;
          var product = 0.0;
          for (var c = 0u; c < params.channels; c++) { product += f32(dy[from_dy + c * params.dy_stride.y]) * f32(x[p + c * params.x_stride.y]); }
          sum += product * vec3f(d.weight[i] * h.weight[j] * w_slope[k], d.weight[i] * h_slope[j] * w.weight[k], d_slope[i] * h.weight[j] * w.weight[k]);
        }
      }
    }
  }
  let to = params.dgrid_at + id * DIMS;
  dgrid[to] = real_grid(cw.slope * sum.x);
  dgrid[to + 1u] = real_grid(ch.slope * sum.y);
  if (DIMS == 3u) { dgrid[to + 2u] = real_grid(cd.slope * sum.z); }
}
