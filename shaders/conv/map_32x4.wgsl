//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]): as map_8x4.wgsl, for adapters whose loads are dearer than anything else.
//! One invocation: 32 (MANY) or 16 rows x 4 columns of one phase. The weights are shared by a subgroup: invocations of a workgroup have the same rows.
//! Any layout by strides; w is packed: [group, phase, rows/32 or 16, taps, c, 32 or 16].
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::phase::{Params, place_of, positions, weights_of, within};
import package::lib::columns::{columns_of, inputs_d, inputs_h, inputs_w, store};
import package::lib::share::{EIGHT, Eight, Rows, low, high, mine, added, all_rows};

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
override MANY: bool;

fn eight(first: u32) -> Eight {
  let v = w[first];
  if (EIGHT) { return Eight(low(v), high(v)); }
  return Eight(low(v), low(w[first + 4u]));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, 0u, 1u);
  let first = 4u * WORKGROUP * p.column + local;
  let c = columns_of(first, WORKGROUP, p);
  let d0 = inputs_d(p, c);
  let h0 = inputs_h(p, c);
  let w0 = inputs_w(p, c);
  let stride = params.x_stride;
  let sample = params.x_at + p.group * params.depth * params.x_channel + c.n * stride.x;
  let height = select(16u, 32u, MANY);
  let own = mine(lane);
  var k = height * weights_of(p);
  var s = Rows();
  var t = Rows();
  var u = Rows();
  var v = Rows();
  for (var jd = 0; jd < params.taps.x; jd++) {
    let in_d = within(d0 + jd * params.i_tap.x, params.x_size.x);
    for (var jh = 0; jh < params.taps.y; jh++) {
      let in_h = in_d & within(h0 + jh * params.i_tap.y, params.x_size.y);
      let line = sample + vec4u(d0 + jd * params.i_tap.x) * stride.y + vec4u(h0 + jh * params.i_tap.y) * stride.z;
      for (var jw = 0; jw < params.taps.z; jw++) {
        let inside = in_h & within(w0 + jw * params.i_tap.z, params.x_size.z);
        if (subgroupAny(any(inside))) {
          var at = select(vec4u(), line + vec4u(w0 + jw * params.i_tap.z) * stride.w, inside);
          var from_w = k;
          for (var e = 0u; e < params.depth; e++) {
            let f = select(vec4f(), vec4f(f32(x[at.x]), f32(x[at.y]), f32(x[at.z]), f32(x[at.w])), inside);
            s = added(s, eight(from_w + own.x), f);
            t = added(t, eight(from_w + own.y), f);
            if (MANY) {
              u = added(u, eight(from_w + own.z), f);
              v = added(v, eight(from_w + own.w), f);
            }
            at += params.x_channel;
            from_w += height;
          }
        }
        k += height * params.depth;
      }
    }
  }
  let sums = all_rows(s, t, u, v);
  let row = height * p.row;
  for (var r = 0u; r < min(params.row_count - row, height); r++) { store(p, c, row + r, sums[r]); }
}
