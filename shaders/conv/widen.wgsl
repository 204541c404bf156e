//! wide[ci,co,u] = sum over r below SCALE of w[co,ci,k - 1 - u + r], terms outside the kernel dropped, per axis: the filter of the
//! transposed convolution that equals nearest enlargement and a convolution with w. NARROW: its transpose, dw[co,ci,t] = sum over r of dwide[ci,co,k - 1 - t + r].
//! One invocation: one element of the result. wide is [Cin, Cout/groups, ...k + SCALE - 1] in f32; w has its own strides.
import package::lib::grid::{flat_index};

override NARROW: u32;
override SCALE_D: i32;
override SCALE_H: i32;
override SCALE_W: i32;

alias real_from = f32;
alias real_to = f32;

struct Params {
  kernel: vec3i,    // of w
  per_in: u32,      // input channels per group
  taps: vec3u,      // strides of w: from tap to tap,
  per_out: u32,     // output channels per group
  row: u32,         // from output channel to output channel,
  channel: u32,     // from input channel to input channel
  w_at: u32,
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> from_: array<real_from>;
@group(0) @binding(1) var<storage, read_write> to: array<real_to>;
@group(0) @binding(2) var<uniform> params: Params;

/// Where (ci, co) of group g lies in wide, in filters.
fn wide_of(g: u32, ci: u32, co: u32) -> u32 { return (g * params.per_in + ci) * params.per_out + co; }
fn w_of(g: u32, ci: u32, co: u32) -> u32 { return params.w_at + (g * params.per_out + co) * params.row + ci * params.channel; }
fn tap_of(t: vec3i) -> u32 { let v = vec3u(t) * params.taps; return v.x + v.y + v.z; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let k = params.kernel;
  let scale = vec3i(SCALE_D, SCALE_H, SCALE_W);
  let wide = k + scale - 1;
  let own = select(wide, k, NARROW != 0u);
  let i = i32(id % u32(own.x * own.y * own.z));
  let filter_ = id / u32(own.x * own.y * own.z);
  let u = vec3i(i / (own.y * own.z), i / own.z % own.y, i % own.z);
  let co = filter_ % params.per_out;
  let ci = filter_ / params.per_out % params.per_in;
  let g = filter_ / (params.per_out * params.per_in);
  let first = k - 1 - u;
  var sum = 0.0;
  for (var d = 0; d < SCALE_D; d++) {
    for (var h = 0; h < SCALE_H; h++) {
      for (var v = 0; v < SCALE_W; v++) {
        let t = first + vec3i(d, h, v);
        if (NARROW != 0u) {
          sum += f32(from_[wide_of(g, ci, co) * u32(wide.x * wide.y * wide.z) + u32((t.x * wide.y + t.y) * wide.z + t.z)]);
        } else if (all(t >= vec3i()) && all(t < k)) {
          sum += f32(from_[w_of(g, ci, co) + tap_of(t)]);
        }
      }
    }
  }
  if (NARROW != 0u) { to[w_of(g, ci, co) + tap_of(u)] = real_to(sum); } else { to[id] = real_to(sum); }
}
