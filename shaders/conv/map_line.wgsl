//! y[n,r,o] = act(b[r] + sum over channels c and taps t of x[n,c,i(o,t)] * w[r,c,t]), o and i as lib/phase.wgsl has them.
//! One invocation: 1 row x 16 (WIDE) or 8 neighbouring columns of one line of a phase; w as it is given. Where the next tap reads the next input (SLIDE),
//! the inputs stand in registers and move on by one a tap: a load for 16 products.
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::act::{act};
import package::lib::phase::{Params, place_of};
import package::lib::line::{line_of};

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
override SLIDE: bool;
override WIDE: bool;

/// Input i of the line that begins at `line`, 0 outside.
fn input(line: u32, i: i32) -> f32 {
  return select(0.0, f32(x[line + u32(clamp(i, 0, params.x_size.z - 1)) * params.x_stride.w]), u32(i) < u32(params.x_size.z));
}

/// Inputs i, i + step, i + 2*step, i + 3*step.
fn inputs(line: u32, i: i32, step: i32) -> vec4f {
  return vec4f(input(line, i), input(line, i + step), input(line, i + 2 * step), input(line, i + 3 * step));
}

/// From column to column of y.
fn y_step() -> u32 { return u32(params.o_step.z) * params.y_stride.w; }

/// Stores those of four columns that the line still has.
fn store(at: u32, left: i32, sum: vec4f) {
  if (left > 0) { y[at] = real_y(act(sum.x)); }
  if (left > 1) { y[at + y_step()] = real_y(act(sum.y)); }
  if (left > 2) { y[at + 2u * y_step()] = real_y(act(sum.z)); }
  if (left > 3) { y[at + 3u * y_step()] = real_y(act(sum.w)); }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, 0u, 1u);
  let l = line_of(p, WORKGROUP * p.column + local, select(8u, 16u, WIDE));
  if (l.n >= params.batch) { return; }
  let filter_ = table[params.row_list + 2u * params.rows];      // strides: taps of D, H, W, then the row
  let steps = table[params.row_list + 2u * params.rows + 1u];   // from channel to channel of x, from group to group
  let row = table[params.row_list + 2u * p.row];
  let step = params.i_step.z;
  let k_step = l.tap_step * filter_.z;
  let sample = params.x_at + l.n * params.x_stride.x + p.group * params.depth * params.x_channel;
  let weights = i32(params.w_at) + i32(p.group) * steps.y + row.x * filter_.w + l.tap * filter_.z;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var jd = 0; jd < params.taps.x; jd++) {
    let d = l.input.x + jd * params.i_tap.x;
    if (u32(d) >= u32(params.x_size.x)) { continue; }
    for (var jh = 0; jh < params.taps.y; jh++) {
      let h = l.input.y + jh * params.i_tap.y;
      if (u32(h) >= u32(params.x_size.y)) { continue; }
      var at = sample + u32(d) * params.x_stride.y + u32(h) * params.x_stride.z;
      var k = weights + (p.d.w + jd * params.t_step.x) * filter_.x + (p.h.w + jh * params.t_step.y) * filter_.y;
      for (var e = 0u; e < params.depth; e++) {
        var i = l.first;
        var v0 = inputs(at, i, step);
        var v1 = inputs(at, i + 4 * step, step);
        var v2 = vec4f();
        var v3 = vec4f();
        if (WIDE) {
          v2 = inputs(at, i + 8 * step, step);
          v3 = inputs(at, i + 12 * step, step);
        }
        var kw = k;
        for (var jw = 1; jw <= params.taps.z; jw++) {
          let f = f32(w[u32(kw)]);
          s0 += f * v0;
          s1 += f * v1;
          if (WIDE) {
            s2 += f * v2;
            s3 += f * v3;
          }
          kw += k_step;
          i += l.step;
          if (SLIDE) {
            v0 = vec4f(v0.yzw, v1.x);
            if (WIDE) {
              v1 = vec4f(v1.yzw, v2.x);
              v2 = vec4f(v2.yzw, v3.x);
              v3 = vec4f(v3.yzw, input(at, i + 15));
            } else {
              v1 = vec4f(v1.yzw, input(at, i + 7));
            }
          } else {
            v0 = inputs(at, i, step);
            v1 = inputs(at, i + 4 * step, step);
            if (WIDE) {
              v2 = inputs(at, i + 8 * step, step);
              v3 = inputs(at, i + 12 * step, step);
            }
          }
        }
        at += params.x_channel;
        k += steps.x;
      }
    }
  }
  let channel = p.group * params.channels + u32(row.x);
  var bias = 0.0;
  if (params.bias != 0u) { bias = f32(b[params.b_at + channel]); }
  let out = l.to + channel * params.y_channel;
  store(out, l.left, s0 + bias);
  store(out + 4u * y_step(), l.left - 4, s1 + bias);
  if (WIDE) {
    store(out + 8u * y_step(), l.left - 8, s2 + bias);
    store(out + 12u * y_step(), l.left - 12, s3 + bias);
  }
}
