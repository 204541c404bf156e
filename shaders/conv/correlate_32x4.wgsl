//! dw[a,b,t] = sum over n and j of small[n,a,j] * large[n,b,j*S - P + t*D]: as correlate_8x8.wgsl, for adapters whose loads are dearer than anything else.
//! One invocation: 32 (MANY) or 16 rows x 4 columns, one slice of the sum. The values of small are shared by a subgroup. Where SHIFT = S/D is 1 or 2 the
//! columns are LENGTH = 3 or 4 neighbouring taps of a line of the filter: the next position reads large SHIFT taps further, so values stand in registers
//! and move on. With SHIFT 0 (and LENGTH 4) columns stand apart and are read anew.
//! Source: PyTorch Conv2d, ConvTranspose2d.
import package::lib::grid::{group_index};
import package::lib::pairs::{Params, Columns, place_of, columns_of, line_of, within};
import package::lib::share::{EIGHT, Eight, Rows, low, high, mine, added, all_rows};

alias real_small = f32;
alias real_large = f32;
alias real_w = f32;

@group(0) @binding(0) var<storage, read> small: array<real_small>;
@group(0) @binding(1) var<storage, read> large: array<real_large>;
@group(0) @binding(2) var<storage, read_write> dw: array<real_w>;
@group(0) @binding(3) var<uniform> params: Params;

override WORKGROUP: u32;
override MANY: bool;
override SHIFT: u32;
override LENGTH: u32;

/// Neighbouring taps of a line, of a channel of large. All read one line of it; those beyond the filter's are not stored.
fn taps_of(run: u32) -> Columns {
  let k = params.kernel;
  let per_line = (k.z + LENGTH - 1u) / LENGTH;
  let lines = run / per_line;
  let planes = lines / k.y;
  let b = planes / k.x;
  return Columns(vec4(b < params.channels), vec4(min(b, params.channels - 1u)), vec4(planes - b * k.x), vec4(lines - planes * k.y),
    LENGTH * (run - lines * per_line) + vec4u(0u, 1u, 2u, 3u));
}

/// Value i of the line that begins at `line`, 0 outside.
fn input(line: u32, i: i32, ok: bool) -> f32 {
  return select(0.0, f32(large[line + u32(clamp(i, 0, params.large_size.z - 1)) * params.large_stride.w]), ok && u32(i) < u32(params.large_size.z));
}

/// The values of the next position, whose first is i.
fn move_on(v: vec4f, line: u32, i: i32, ok: bool) -> vec4f {
  let d = params.dilation.z;
  let last = input(line, i + i32(LENGTH - 1u) * d, ok);
  if (SHIFT == 1u) { return select(vec4f(v.yz, last, 0.0), vec4f(v.yzw, last), LENGTH == 4u); }
  let before = input(line, i + i32(LENGTH - 2u) * d, ok);
  return select(vec4f(v.z, before, last, 0.0), vec4f(v.zw, before, last), LENGTH == 4u);
}

fn eight(first: u32, second: u32) -> Eight {
  let v = f32(small[first]);
  if (EIGHT) { return Eight(low(v), high(v)); }
  return Eight(low(v), low(f32(small[second])));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32) {
  let id = params.base + group_index(group, groups);
  if (id >= params.count) { return; }
  let p = place_of(id);
  let g = p.group;
  var c: Columns;
  if (SHIFT == 0u) {
    c = columns_of(4u * WORKGROUP * p.column + local, WORKGROUP);
  } else {
    c = taps_of(WORKGROUP * p.column + local);
  }
  let off = vec4i(c.w) * params.dilation.z - params.pad.z;
  let ss = params.small_stride;
  let ls = params.large_stride;
  let plane = params.large_at + g * params.channels * params.large_channel;
  let height = select(16u, 32u, MANY);
  let row = height * p.row;
  let last = vec4u(params.rows - 1u - row);
  let small0 = params.small_at + (g * params.rows + row) * params.small_channel;
  let o = min(mine(lane), last) * params.small_channel;
  let q = min(mine(lane) + 4u, last) * params.small_channel;
  var s = Rows();
  var t = Rows();
  var u = Rows();
  var v = Rows();
  let end = min((p.slice + 1u) * params.per_slice, params.lines);
  for (var l = p.slice * params.per_slice; l < end; l++) {
    let line = line_of(l);
    let d = i32(line.d) * params.stride.x + vec4i(c.d) * params.dilation.x - params.pad.x;
    let h = i32(line.h) * params.stride.y + vec4i(c.h) * params.dilation.y - params.pad.y;
    let ok = c.live & within(d, params.large_size.x) & within(h, params.large_size.y);
    let from_large = select(vec4u(), plane + line.n * ls.x + c.b * params.large_channel + vec4u(d) * ls.y + vec4u(h) * ls.z, ok);
    var a = small0 + line.n * ss.x + line.d * ss.y + line.h * ss.z + line.from_w * ss.w;
    var i = i32(line.from_w) * params.stride.z + off;
    var x = vec4f();
    if (SHIFT != 0u) {
      x = vec4f(input(from_large.x, i.x, ok.x), input(from_large.x, i.y, ok.x), input(from_large.x, i.z, ok.x), input(from_large.x, i.w, ok.x));
    }
    for (var j = line.from_w; j < line.to_w; j++) {
      if (SHIFT == 0u) {
        let inside = ok & within(i, params.large_size.z);
        let at = select(vec4u(), from_large + vec4u(i) * ls.w, inside);
        x = select(vec4f(), vec4f(f32(large[at.x]), f32(large[at.y]), f32(large[at.z]), f32(large[at.w])), inside);
      }
      s = added(s, eight(a + o.x, a + q.x), x);
      t = added(t, eight(a + o.y, a + q.y), x);
      if (MANY) {
        u = added(u, eight(a + o.z, a + q.z), x);
        v = added(v, eight(a + o.w, a + q.w), x);
      }
      a += ss.w;
      i += params.stride.z;
      if (SHIFT != 0u) { x = move_on(x, from_large.x, i.x, ok.x); }
    }
  }
  let at = params.dw_at + p.slice * params.slice + (g * params.rows + row) * params.row
    + c.b * params.channel + c.d * params.taps.x + c.h * params.taps.y + c.w * params.taps.z;
  let live = c.live & (c.w < vec4u(params.kernel.z));
  let sums = all_rows(s, t, u, v);
  for (var r = 0u; r < min(params.rows - row, height); r++) {
    let to = at + r * params.row;
    if (live.x) { dw[to.x] = real_w(sums[r].x); }
    if (live.y) { dw[to.y] = real_w(sums[r].y); }
    if (live.z) { dw[to.z] = real_w(sums[r].z); }
    if (live.w && LENGTH == 4u) { dw[to.w] = real_w(sums[r].w); }
  }
}
