//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]), o and i as lib/phase.wgsl has them, as a matrix product.
//! One workgroup: 64 rows (output channels) x 64 columns of one phase, 16 channels of one tap at a time through workgroup memory;
//! one invocation: 4 rows x 4 columns. Any layout by strides; w is packed: [group, phase, rows/64, taps, c, 64].
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

var<workgroup> xs: array<vec4f, 256>;
var<workgroup> ws: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, 0u, 1u);
  if (64u * p.column >= positions(p)) { return; }
  let tx = local % 16u;
  let ty = local / 16u;
  let c = columns_of(64u * p.column + tx, 16u, p);
  let d0 = inputs_d(p, c);
  let h0 = inputs_h(p, c);
  let w0 = inputs_w(p, c);
  let stride = params.x_stride;
  let sample = params.x_at + (p.group * params.depth + ty) * params.x_channel + c.n * stride.x;
  var k = 16u * weights_of(p);
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
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
        let at = line + vec4u(i) * stride.w;
        for (var first_c = 0u; first_c < params.depth; first_c += 16u) {
          let here = first_c + ty < params.depth;
          let from_x = at + first_c * params.x_channel;
          var v = vec4f();
          if (here && inside.x) { v.x = f32(x[from_x.x]); }
          if (here && inside.y) { v.y = f32(x[from_x.y]); }
          if (here && inside.z) { v.z = f32(x[from_x.z]); }
          if (here && inside.w) { v.w = f32(x[from_x.w]); }
          var f = vec4f();
          if (here) { f = w[k + (first_c + ty) * 16u + tx]; }
          workgroupBarrier();
          xs[ty * 16u + tx] = v;
          ws[ty * 16u + tx] = f;
          workgroupBarrier();
          for (var e = 0u; e < 16u; e++) {
            let a = ws[e * 16u + ty];
            let v = xs[e * 16u + tx];
            s0 += a.x * v;
            s1 += a.y * v;
            s2 += a.z * v;
            s3 += a.w * v;
          }
        }
        k += 16u * params.depth;
      }
    }
  }
  let s = array<vec4f, 4>(s0, s1, s2, s3);
  let row = 64u * p.row + 4u * ty;
  let rows = min(max(params.row_count, row) - row, 4u);
  for (var r = 0u; r < rows; r++) { store(p, c, row + r, s[r]); }
}
