//! y[i] = scale * x[i] where hash(i, seed) reaches a threshold, else 0. i counts in memory order. Its own transpose.
//! One invocation: one element, or four.
//! Hash: lowbias32 by C. Wellons, public domain; twice, so that no seed has another's sequence, shifted.
import package::lib::grid::{flat_index};
import package::lib::num::{num};

alias cell_x = f32;
alias cell_y = f32;
alias bits = u32;      // as many as num
const LANE = 0u;       // each one's element in a cell

struct Params {
  x_at: u32,
  y_at: u32,
  seed_at: u32,
  lanes: u32,      // elements of a cell
  first: u32,      // number of the first element in x
  threshold: u32,
  all: u32,        // whether every element goes
  scale: f32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<cell_x>;
@group(0) @binding(1) var<storage, read> seed: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<cell_y>;
@group(0) @binding(3) var<uniform> params: Params;

fn mixed(value: bits) -> bits {
  var v = value;
  v ^= v >> bits(16u);
  v *= bits(0x7feb352du);
  v ^= v >> bits(15u);
  v *= bits(0x846ca68bu);
  v ^= v >> bits(16u);
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let i = bits(params.first + id * params.lanes) + LANE;
  let chance = mixed(mixed(i) + mixed(bits(seed[params.seed_at] ^ 0x9e3779b9u)));
  let kept = params.scale * num(x[params.x_at + id]);
  y[params.y_at + id] = cell_y(select(num(0.0), kept, (chance >= bits(params.threshold)) & (bits(params.all) == bits(0u))));
}
