//! packed[group, phase, row/ROWS, tap j, channel c, row%ROWS] = w[row's channel, c, t0 + j*t_step], 0 for rows that fill up a block:
//! the filter in the order in which the map kernels walk through it.
//! One invocation: all taps of one row and one channel. table as lib/phase.wgsl has it.
import package::lib::grid::{flat_index};

override ROWS: u32;

alias real_w = f32;

struct Params {
  taps: vec3u,
  t_step: vec3u,
  steps: vec3u,      // strides of the filter: from tap to tap,
  row: u32,          // from row to row,
  phases: vec3u,     // phases of each axis
  channel: u32,      // from channel to channel,
  lists: vec3u,      // where the phases of each axis begin in the table
  group: u32,        // from group to group
  depth: u32,        // channels
  rows: u32,         // with those that fill up the last block
  row_list: u32,     // where the rows begin in the table
  w_at: u32,
  packed_at: u32,    // first element of this class
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> w: array<real_w>;
@group(0) @binding(1) var<storage, read> table: array<vec4i>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let lane = id % ROWS;
  var rest = id / ROWS;
  let c = rest % params.depth;
  rest /= params.depth;
  let blocks = params.rows / ROWS;
  let at_block = rest % blocks;
  let phase = rest / blocks;
  let planes = phase / params.phases.z;
  let volumes = planes / params.phases.y;
  let g = volumes / params.phases.x;
  let own_row = at_block * ROWS + lane;
  let row = params.row_list + 2u * own_row;
  let channel = table[row].x;
  let own = table[row + 1u];
  let d0 = table[params.lists.x + volumes - g * params.phases.x].w;
  let h0 = table[params.lists.y + planes - volumes * params.phases.y].w;
  let w0 = table[params.lists.z + phase - planes * params.phases.z].w;
  let t = vec3u(vec3i(d0, h0, w0) + own.yzw) * params.steps;
  let first = params.w_at + g * params.group + u32(max(channel, 0)) * params.row + c * params.channel + t.x + t.y + t.z;
  let step = params.steps * params.t_step;
  var to = params.packed_at + ((phase * blocks + at_block) * params.taps.x * params.taps.y * params.taps.z * params.depth + c) * ROWS + lane;
  for (var d = 0u; d < params.taps.x; d++) {
    for (var h = 0u; h < params.taps.y; h++) {
      for (var v = 0u; v < params.taps.z; v++) {
        packed[to] = select(0.0, f32(w[first + d * step.x + h * step.y + v * step.z]), channel >= 0);
        to += params.depth * ROWS;
      }
    }
  }
}
