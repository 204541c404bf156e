//! y[n,c,o] = act(b[c] + sum over taps t of x[n,c,i(o,t)] * w[c,t]), o and i as lib/phase.wgsl has them: groups of one channel, channels last, f32.
//! One invocation: 8 (WIDE) or 4 neighbouring columns of one line of a phase, for QUADS times 4 channels.
//! x, y, their strides and channels count vectors of 4 channels. w as it is given, the same for all invocations of a workgroup. Where the next tap reads
//! the next input (SLIDE), inputs stand in registers and move on by one a tap. TAPS of a line, all or 4, are unrolled.
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::act::{act};
import package::lib::phase::{Params, place_of};
import package::lib::line::{line_of};

alias real_w = f32;
alias real_b = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<real_w>;
@group(0) @binding(2) var<storage, read> b: array<real_b>;
@group(0) @binding(3) var<storage, read> table: array<vec4i>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

override WORKGROUP: u32;
override SLIDE: bool;
override WIDE: bool;
override TAPS: u32;
override QUADS: u32;

alias Columns = array<vec4f, 8>;

/// Input i of the line that begins at `line`, 0 outside.
fn input(line: u32, i: i32) -> vec4f {
  return select(vec4f(), x[line + u32(clamp(i, 0, params.x_size.z - 1)) * params.x_stride.w], u32(i) < u32(params.x_size.z));
}

/// The inputs of all columns, from i on.
fn inputs(v: ptr<function, Columns>, line: u32, i: i32) {
  let step = params.i_step.z;
  (*v)[0] = input(line, i);
  (*v)[1] = input(line, i + step);
  (*v)[2] = input(line, i + 2 * step);
  (*v)[3] = input(line, i + 3 * step);
  if (WIDE) {
    (*v)[4] = input(line, i + 4 * step);
    (*v)[5] = input(line, i + 5 * step);
    (*v)[6] = input(line, i + 6 * step);
    (*v)[7] = input(line, i + 7 * step);
  }
}

/// The inputs of the next tap, from i on.
fn move_on(v: ptr<function, Columns>, line: u32, i: i32) {
  if (!SLIDE) {
    inputs(v, line, i);
    return;
  }
  (*v)[0] = (*v)[1];
  (*v)[1] = (*v)[2];
  (*v)[2] = (*v)[3];
  if (WIDE) {
    (*v)[3] = (*v)[4];
    (*v)[4] = (*v)[5];
    (*v)[5] = (*v)[6];
    (*v)[6] = (*v)[7];
    (*v)[7] = input(line, i + 7);
  } else {
    (*v)[3] = input(line, i + 3);
  }
}

/// Adds a tap whose weights are at k.
fn add(s: ptr<function, Columns>, v: ptr<function, Columns>, k: i32, channel: u32) {
  let from_w = u32(k);
  let f = vec4f(f32(w[from_w]), f32(w[from_w + channel]), f32(w[from_w + 2u * channel]), f32(w[from_w + 3u * channel]));
  (*s)[0] += f * (*v)[0];
  (*s)[1] += f * (*v)[1];
  (*s)[2] += f * (*v)[2];
  (*s)[3] += f * (*v)[3];
  if (WIDE) {
    (*s)[4] += f * (*v)[4];
    (*s)[5] += f * (*v)[5];
    (*s)[6] += f * (*v)[6];
    (*s)[7] += f * (*v)[7];
  }
}

/// Stores column i, if the line still has it.
fn store(at: u32, i: i32, left: i32, sum: vec4f) {
  if (i < left) { y[at + u32(i * params.o_step.z) * params.y_stride.w] = act(sum); }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id, 0u, 1u);
  let l = line_of(p, WORKGROUP * p.column + local, select(4u, 8u, WIDE));
  if (l.n >= params.batch) { return; }
  let filter_ = table[params.row_list + 2u];         // strides: taps of D, H, W
  let channel = u32(table[params.row_list + 3u].y);  // from channel to channel
  let k_step = l.tap_step * filter_.z;
  let end = min((p.group + 1u) * QUADS, params.channels);
  for (var quad = p.group * QUADS; quad < end; quad++) {
    let sample = params.x_at + l.n * params.x_stride.x + quad;
    let weights = i32(params.w_at + 4u * quad * channel) + l.tap * filter_.z;
    var s = Columns();
    for (var jd = 0; jd < params.taps.x; jd++) {
      let d = l.input.x + jd * params.i_tap.x;
      if (u32(d) >= u32(params.x_size.x)) { continue; }
      for (var jh = 0; jh < params.taps.y; jh++) {
        let h = l.input.y + jh * params.i_tap.y;
        if (u32(h) >= u32(params.x_size.y)) { continue; }
        let at = sample + u32(d) * params.x_stride.y + u32(h) * params.x_stride.z;
        let k = weights + (p.d.w + jd * params.t_step.x) * filter_.x + (p.h.w + jh * params.t_step.y) * filter_.y;
        var v = Columns();
        inputs(&v, at, l.first);
        add(&s, &v, k, channel);
        if (TAPS > 1u) {
          move_on(&v, at, l.first + l.step);
          add(&s, &v, k + k_step, channel);
        }
        if (TAPS > 2u) {
          move_on(&v, at, l.first + 2 * l.step);
          add(&s, &v, k + 2 * k_step, channel);
        }
        if (TAPS > 3u) {
          move_on(&v, at, l.first + 3 * l.step);
          add(&s, &v, k + 3 * k_step, channel);
          for (var j = 4; j < params.taps.z; j++) {
            move_on(&v, at, l.first + j * l.step);
            add(&s, &v, k + j * k_step, channel);
          }
        }
      }
    }
    var bias = vec4f();
    if (params.bias != 0u) {
      let c = params.b_at + 4u * quad;
      bias = vec4f(f32(b[c]), f32(b[c + 1u]), f32(b[c + 2u]), f32(b[c + 3u]));
    }
    let out = l.to + quad;
    store(out, 0, l.left, s[0] + bias);
    store(out, 1, l.left, s[1] + bias);
    store(out, 2, l.left, s[2] + bias);
    store(out, 3, l.left, s[3] + bias);
    if (WIDE) {
      store(out, 4, l.left, s[4] + bias);
      store(out, 5, l.left, s[5] + bias);
      store(out, 6, l.left, s[6] + bias);
      store(out, 7, l.left, s[7] + bias);
    }
  }
}
