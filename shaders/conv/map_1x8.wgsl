//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]): as map_8x4.wgsl, for groups of one output channel.
//! One invocation: 1 row x 8 columns of one phase. Any layout by strides; w is packed: [group, phase, rows, taps, c].
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::phase::{Params, place_of, positions, weights_of, within};
import package::lib::columns::{columns_of, inputs_d, inputs_h, inputs_w, store};

alias real_x = f32;
alias real_b = f32;
alias real_y = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<real_b>;
@group(0) @binding(3) var<storage, read> table: array<vec4i>;
@group(0) @binding(4) var<storage, read_write> y: array<real_y>;
@group(0) @binding(5) var<uniform> params: Params;

override WORKGROUP: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, local / params.lanes, WORKGROUP / params.lanes);
  let first = 8u * params.lanes * p.column + local % params.lanes;
  if (first >= positions(p) || p.row >= params.row_count) { return; }
  let c = columns_of(first, params.lanes, p);
  let f = columns_of(first + 4u * params.lanes, params.lanes, p);
  let d0 = inputs_d(p, c);
  let h0 = inputs_h(p, c);
  let w0 = inputs_w(p, c);
  let d1 = inputs_d(p, f);
  let h1 = inputs_h(p, f);
  let w1 = inputs_w(p, f);
  let stride = params.x_stride;
  let channel = params.x_at + p.group * params.depth * params.x_channel;
  let sample0 = channel + c.n * stride.x;
  let sample1 = channel + f.n * stride.x;
  var k = weights_of(p);
  var s = vec4f();
  var t = vec4f();
  for (var jd = 0; jd < params.taps.x; jd++) {
    let in_d0 = within(d0 + jd * params.i_tap.x, params.x_size.x);
    let in_d1 = within(d1 + jd * params.i_tap.x, params.x_size.x);
    for (var jh = 0; jh < params.taps.y; jh++) {
      let in_h0 = in_d0 & within(h0 + jh * params.i_tap.y, params.x_size.y);
      let in_h1 = in_d1 & within(h1 + jh * params.i_tap.y, params.x_size.y);
      let line0 = sample0 + vec4u(d0 + jd * params.i_tap.x) * stride.y + vec4u(h0 + jh * params.i_tap.y) * stride.z;
      let line1 = sample1 + vec4u(d1 + jd * params.i_tap.x) * stride.y + vec4u(h1 + jh * params.i_tap.y) * stride.z;
      for (var jw = 0; jw < params.taps.z; jw++) {
        let inside0 = in_h0 & within(w0 + jw * params.i_tap.z, params.x_size.z);
        let inside1 = in_h1 & within(w1 + jw * params.i_tap.z, params.x_size.z);
        if (any(inside0 | inside1)) {
          var at0 = select(vec4u(), line0 + vec4u(w0 + jw * params.i_tap.z) * stride.w, inside0);
          var at1 = select(vec4u(), line1 + vec4u(w1 + jw * params.i_tap.z) * stride.w, inside1);
          for (var e = 0u; e < params.depth; e++) {
            let a = w[k + e];
            s += a * select(vec4f(), vec4f(f32(x[at0.x]), f32(x[at0.y]), f32(x[at0.z]), f32(x[at0.w])), inside0);
            t += a * select(vec4f(), vec4f(f32(x[at1.x]), f32(x[at1.y]), f32(x[at1.z]), f32(x[at1.w])), inside1);
            at0 += params.x_channel;
            at1 += params.x_channel;
          }
        }
        k += params.depth;
      }
    }
  }
  let sums = array<vec4f, 2>(s, t);
  let blocks = select(1u, 2u, first + 4u * params.lanes < positions(p));
  for (var m = 0u; m < blocks; m++) { store(p, columns_of(first + 4u * m * params.lanes, params.lanes, p), p.row, sums[m]); }
}
