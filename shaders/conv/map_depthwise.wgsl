//! y[n,c,o] = act(b[c] + sum over taps t of x[n,c,i(o,t)] * w[c,t]), o and i as lib/phase.wgsl has them: groups of one channel, channels last, f32.
//! One invocation: 8 (WIDE) or 4 neighbouring columns of one line of a phase, for QUADS times 4 channels.
//! x, y, their strides and channels count vectors of 4 channels. w as it is given, the same for all invocations of a workgroup. Where the next tap reads
//! the next input (SLIDE), inputs stand in registers and move on by one a tap. TAPS of a line, all or 4, are unrolled.
//! Source: PyTorch Conv2d, ConvTranspose2d; ONNX Conv-22, ConvTranspose-22.
import package::lib::grid::{group_index};
import package::lib::act::{act};
import package::lib::phase::{Params, place_of};

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
  let wide = select(4u, 8u, WIDE);
  let per_line = (u32(p.w.x) + wide - 1u) / wide;
  let run = WORKGROUP * p.column + local;
  let lines = run / per_line;
  let planes = lines / u32(p.h.x);
  let n = planes / u32(p.d.x);
  if (n >= params.batch) { return; }
  let filter_ = table[params.row_list + 2u];         // strides: taps of D, H, W
  let channel = u32(table[params.row_list + 3u].y);  // from channel to channel
  let q = vec3i(vec3u(planes - n * u32(p.d.x), lines - planes * u32(p.h.x), wide * (run - lines * per_line)));
  let i0 = q * params.i_step + vec3i(p.d.y, p.h.y, p.w.y);
  // Along the line taps are taken in the order of their inputs.
  let back = params.i_tap.z < 0;
  let tap = abs(params.i_tap.z);
  let first = i0.z + select(0, (params.taps.z - 1) * params.i_tap.z, back);
  let k_first = p.w.w + select(0, (params.taps.z - 1) * params.t_step.z, back);
  let k_step = select(params.t_step.z, -params.t_step.z, back) * filter_.z;
  let o = vec3u(q * params.o_step + vec3i(p.d.z, p.h.z, p.w.z));
  let to = params.y_stride;
  let left = p.w.x - q.z;
  let end = min((p.group + 1u) * QUADS, params.channels);
  for (var quad = p.group * QUADS; quad < end; quad++) {
    let sample = params.x_at + n * params.x_stride.x + quad;
    let weights = i32(params.w_at + 4u * quad * channel) + k_first * filter_.z;
    var s = Columns();
    for (var jd = 0; jd < params.taps.x; jd++) {
      let d = i0.x + jd * params.i_tap.x;
      if (u32(d) >= u32(params.x_size.x)) { continue; }
      for (var jh = 0; jh < params.taps.y; jh++) {
        let h = i0.y + jh * params.i_tap.y;
        if (u32(h) >= u32(params.x_size.y)) { continue; }
        let at = sample + u32(d) * params.x_stride.y + u32(h) * params.x_stride.z;
        let k = weights + (p.d.w + jd * params.t_step.x) * filter_.x + (p.h.w + jh * params.t_step.y) * filter_.y;
        var v = Columns();
        inputs(&v, at, first);
        add(&s, &v, k, channel);
        if (TAPS > 1u) {
          move_on(&v, at, first + tap);
          add(&s, &v, k + k_step, channel);
        }
        if (TAPS > 2u) {
          move_on(&v, at, first + 2 * tap);
          add(&s, &v, k + 2 * k_step, channel);
        }
        if (TAPS > 3u) {
          move_on(&v, at, first + 3 * tap);
          add(&s, &v, k + 3 * k_step, channel);
          for (var j = 4; j < params.taps.z; j++) {
            move_on(&v, at, first + j * tap);
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
    let out = params.y_at + n * to.x + o.x * to.y + o.y * to.z + o.z * to.w + quad;
    store(out, 0, left, s[0] + bias);
    store(out, 1, left, s[1] + bias);
    store(out, 2, left, s[2] + bias);
    store(out, 3, left, s[3] + bias);
    if (WIDE) {
      store(out, 4, left, s[4] + bias);
      store(out, 5, left, s[5] + bias);
      store(out, 6, left, s[6] + bias);
      store(out, 7, left, s[7] + bias);
    }
  }
}
