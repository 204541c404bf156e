//! part[s,c] = sum over the runs r of slice s of the sum over the positions p of run r of dy[n,c,p]: the gradient of a bias, to be summed up over slices.
//! One invocation: one channel and one slice, runs that follow one another; a run lies within one sample. Any layout by strides.
import package::lib::grid::{flat_index};

alias real_y = f32;

struct Params {
  channels: u32,
  positions: u32,   // of a sample
  per_run: u32,
  runs: u32,        // of a sample
  all: u32,         // runs of all samples
  each: u32,        // runs of a slice
  sample: u32,      // strides of dy
  channel: u32,
  position: u32,
  y_at: u32,
  part_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<real_y>;
@group(0) @binding(1) var<storage, read_write> part: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let slice = id / params.channels;
  let c = id - slice * params.channels;
  let last = min((slice + 1u) * params.each, params.all);
  var sum = 0.0;
  for (var r = slice * params.each; r < last; r++) {
    let n = r / params.runs;
    let first = (r - n * params.runs) * params.per_run;
    let end = min(first + params.per_run, params.positions);
    let from_y = params.y_at + n * params.sample + c * params.channel;
    var run = 0.0;
    for (var p = first; p < end; p++) { run += f32(dy[from_y + p * params.position]); }
    sum += run;
  }
  part[params.part_at + id] = sum;
}
