//! A class of phases: outputs o = q*o_step + o0 that read the inputs i = q*i_step + i0 + j*i_tap with the taps t = t0 + j*t_step,
//! j below taps, per axis. A convolution is one phase; a transposed one has the phases of its stride, and classes by tap count.
//! table, as vec4i: for each axis its phases (positions q, i0, o0, t0); then the rows, an output channel each, or with phases
//! stacked into rows one of a channel's phases: (channel or -1, o0 of D, H, W) and (0, t0 of D, H, W).
//! The root declares table.

struct Params {
  taps: vec3i,       // along D, H, W
  i_step: vec3i,
  i_tap: vec3i,
  o_step: vec3i,
  t_step: vec3i,
  x_size: vec3i,     // D, H, W of x
  depth: u32,        // channels of x per group
  x_stride: vec4u,   // batch, D, H, W
  y_stride: vec4u,
  y_size: vec3i,
  channels: u32,     // channels of y per group
  phases: vec3u,     // of each axis
  rows: u32,         // workgroups along the rows
  lists: vec3u,      // where the phases of each axis begin in the table
  row_list: u32,     // where the rows begin
  row_blocks: u32,   // blocks of rows in w
  row_count: u32,    // rows without those that fill up a block
  batch: u32,
  columns: u32,      // workgroups along the columns
  lanes: u32,        // invocations of a workgroup along the columns; the others take further rows
  x_channel: u32,    // stride of channels
  y_channel: u32,
  x_at: u32,
  y_at: u32,
  bias: u32,         // whether there is b
  b_at: u32,
  w_at: u32,         // where this class begins in w
  count: u32,        // workgroups
  base: u32,         // first workgroup of this dispatch
}

struct Place { column: u32, row: u32, group: u32, phase: u32, d: vec4i, h: vec4i, w: vec4i }

/// The blocks of an invocation: those of a workgroup share a phase and, but for small maps, rows, so that their weights are read once.
/// Workgroups vary fastest along the columns, then rows, phases, groups. `lane` is the block of rows among the `lanes` of the workgroup.
fn place_of(id: u32, lane: u32, lanes: u32) -> Place {
  let a = id / params.columns;
  let b = a / params.rows;
  let c = b / params.phases.z;
  let d = c / params.phases.y;
  let group = d / params.phases.x;
  return Place(id - a * params.columns, (a - b * params.rows) * lanes + lane, group, b - group * params.phases.x * params.phases.y * params.phases.z,
    table[params.lists.x + d - group * params.phases.x], table[params.lists.y + c - d * params.phases.y], table[params.lists.z + b - c * params.phases.z]);
}

/// Positions of a phase in all samples.
fn positions(p: Place) -> u32 { return params.batch * u32(p.d.x * p.h.x * p.w.x); }

/// Where the weights of a block of rows begin, in units of one weight per row.
fn weights_of(p: Place) -> u32 {
  let phases = params.phases.x * params.phases.y * params.phases.z;
  return params.w_at + ((p.group * phases + p.phase) * params.row_blocks + p.row) * u32(params.taps.x * params.taps.y * params.taps.z) * params.depth;
}

fn within(i: vec4i, size: i32) -> vec4<bool> { return vec4u(i) < vec4u(u32(size)); }
