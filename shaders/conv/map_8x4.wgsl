//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]), o and i as lib/phase.wgsl has them: convolution, and
//! by phases transposed convolution, without a multiplication by an inserted zero.
//! One invocation: 8 rows (output channels) x 4 columns of one phase. Any layout by strides; w is packed: [group, phase, rows/8, taps, c, 8].
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::phase::{Params, place_of, positions, weights_of, within};
import package::lib::columns::{columns_of, inputs_d, inputs_h, inputs_w, store};

alias real_x = f32;
alias real_b = f32;
alias real_y = f32;

@group(0) @binding(0) var<storage, read> x: array<real_x>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
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
  let first = 4u * params.lanes * p.column + local % params.lanes;
  if (first >= positions(p) || 8u * p.row >= params.row_count) { return; }
  let c = columns_of(first, params.lanes, p);
  let d0 = inputs_d(p, c);
  let h0 = inputs_h(p, c);
  let w0 = inputs_w(p, c);
  let stride = params.x_stride;
  let sample = params.x_at + p.group * params.depth * params.x_channel + c.n * stride.x;
  var k = 2u * weights_of(p);   // the same in all invocations
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
  for (var jd = 0; jd < params.taps.x; jd++) {
    let d = d0 + jd * params.i_tap.x;
    let in_d = within(d, params.x_size.x);
    for (var jh = 0; jh < params.taps.y; jh++) {
      let h = h0 + jh * params.i_tap.y;
      let in_h = in_d & within(h, params.x_size.y);
      let line = sample + vec4u(d) * stride.y + vec4u(h) * stride.z;
      for (var jw = 0; jw < params.taps.z; jw++) {
        let i = w0 + jw * params.i_tap.z;
        let inside = in_h & within(i, params.x_size.z);
        if (any(inside)) {
          var at = select(vec4u(), line + vec4u(i) * stride.w, inside);
          for (var e = 0u; e < params.depth; e++) {
            let v = select(vec4f(), vec4f(f32(x[at.x]), f32(x[at.y]), f32(x[at.z]), f32(x[at.w])), inside);
            let a = w[k + 2u * e];
            let z = w[k + 2u * e + 1u];
            s0 += a.x * v;
            s1 += a.y * v;
            s2 += a.z * v;
            s3 += a.w * v;
            s4 += z.x * v;
            s5 += z.y * v;
            s6 += z.z * v;
            s7 += z.w * v;
            at += params.x_channel;
          }
        }
        k += 2u * params.depth;
      }
    }
  }
  let s = array<vec4f, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  let row = 8u * p.row;
  let rows = min(params.row_count - row, 8u);
  for (var r = 0u; r < rows; r++) { store(p, c, row + r, s[r]); }
}
