//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]), o and i as lib/phase.wgsl has them.
//! One invocation: one output. The plain plan: any layout by strides, w as it is given.
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::act::{act};
import package::lib::phase::{Params, place_of, positions};

alias real_x = f32;
alias real_w = f32;
alias real_b = f32;
alias real_y = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> w: array<real_w>;
@group(0) @binding(2) var<storage, read> b: array<real_b>;
@group(0) @binding(3) var<storage, read> table: array<vec4i>;
@group(0) @binding(4) var<storage, read_write> y: array<real_y>;
@group(0) @binding(5) var<uniform> params: Params;

override WORKGROUP: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, 0u, 1u);
  let column = WORKGROUP * p.column + local;
  if (column >= positions(p)) { return; }
  let filter_ = table[params.row_list + 2u * params.rows];      // strides: taps of D, H, W, then the row
  let steps = table[params.row_list + 2u * params.rows + 1u];   // from channel to channel of x, from group to group
  let row = table[params.row_list + 2u * p.row];
  let lines = column / u32(p.w.x);
  let planes = lines / u32(p.h.x);
  let n = planes / u32(p.d.x);
  let q = vec3i(vec3u(planes - n * u32(p.d.x), lines - planes * u32(p.h.x), column - lines * u32(p.w.x)));
  let i0 = q * params.i_step + vec3i(p.d.y, p.h.y, p.w.y);
  let sample = params.x_at + n * params.x_stride.x + p.group * params.depth * params.x_channel;
  let weights = params.w_at + p.group * u32(steps.y) + u32(row.x * filter_.w);
  var sum = 0.0;
  for (var jd = 0; jd < params.taps.x; jd++) {
    let d = i0.x + jd * params.i_tap.x;
    for (var jh = 0; jh < params.taps.y; jh++) {
      let h = i0.y + jh * params.i_tap.y;
      for (var jw = 0; jw < params.taps.z; jw++) {
        let i = i0.z + jw * params.i_tap.z;
        if (any(vec3u(vec3i(d, h, i)) >= vec3u(params.x_size))) { continue; }
        let t = vec3i(p.d.w, p.h.w, p.w.w) + vec3i(jd, jh, jw) * params.t_step;
        var at = sample + u32(d) * params.x_stride.y + u32(h) * params.x_stride.z + u32(i) * params.x_stride.w;
        var k = weights + u32(t.x * filter_.x + t.y * filter_.y + t.z * filter_.z);
        for (var e = 0u; e < params.depth; e++) {
          sum += f32(x[at]) * f32(w[k]);
          at += params.x_channel;
          k += u32(steps.x);
        }
      }
    }
  }
  let channel = p.group * params.channels + u32(row.x);
  if (params.bias != 0u) { sum += f32(b[params.b_at + channel]); }
  let o = vec3u(q * params.o_step + vec3i(p.d.z, p.h.z, p.w.z));
  let s = params.y_stride;
  y[params.y_at + n * s.x + channel * params.y_channel + o.x * s.y + o.y * s.z + o.z * s.w] = real_y(act(sum));
}
