//! For the transpose: the coordinates of each sample in pixels, and the pixel that it is filed under: all its taps lie within 2 of it.
//! One invocation: one sample. Samples that touch no pixel are filed after the last one.
import package::lib::grid::{flat_index};
import package::lib::coordinate::{MODE, DIMS, taps, placed, pixel_of};

alias real_grid = f32;

struct Params {
  padding: u32,
  corners: u32,
  x_size: vec3i,  // D, H, W
  samples: u32,   // of one of the batch
  pixels: u32,    // of all
  grid_at: u32,
  count: u32,     // samples of all
  base: u32,
}

@group(0) @binding(0) var<storage, read> grid: array<real_grid>;
@group(0) @binding(1) var<storage, read_write> places: array<f32>;
@group(0) @binding(2) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(3) var<uniform> params: Params;

/// The pixel, or -1.
fn home(at: f32, size: i32) -> i32 {
  var i = i32(floor(at));
  if (MODE == 0u) { i = i32(round(at)); }
  if (params.padding != 0u) { return pixel_of(i, size); }
  let first = i - select(0, 1, MODE == 2u);
  return select(-1, clamp(i, 0, size - 1), first < size && first + i32(taps()) > 0);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.x_size;
  let from_grid = params.grid_at + id * DIMS;
  let w = placed(f32(grid[from_grid]), size.z);
  let h = placed(f32(grid[from_grid + 1u]), size.y);
  places[id * DIMS] = w;
  places[id * DIMS + 1u] = h;
  var p = vec3i(0, home(h, size.y), home(w, size.z));
  if (DIMS == 3u) {
    let d = placed(f32(grid[from_grid + 2u]), size.x);
    places[id * DIMS + 2u] = d;
    p.x = home(d, size.x);
  }
  let line = (i32(id / params.samples) * size.x + p.x) * size.y + p.y;
  pairs[id] = vec2u(select(u32(line * size.z + p.z), params.pixels, (p.x | p.y | p.z) < 0), id);
}
