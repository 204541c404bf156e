//! y[n,d,h,w,c] = sum over the taps i, j, k of rows d, h, w of a[d,i] * b[h,j] * r[w,k] * x[n,i,j,k,c]; fill where a row has no taps.
//! One invocation: one output. The plain plan: any rows, either direction, any layout as [outer, D, H, W, inner].
//! table: per axis (start, ptr) for every output and one ptr more, then the weights that ptr points to, as f32 bits.
//! Source: PyTorch interpolate; ONNX Resize-19.
import package::lib::grid::{flat_index};
import package::lib::long::{Sum, add, total};

alias real = f32;
alias lanes = f32;

struct Params {
  x_size: vec3u,  // D, H, W of x
  inner: u32,
  y_size: vec3u,  // D, H, W of y
  count: u32,     // elements of y
  rows: vec3u,    // where each axis begins in the table
  base: u32,      // first element of this dispatch
  x_at: u32,
  y_at: u32,
  fill: f32,
}

@group(0) @binding(0) var<storage, read> x: array<real>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;
@group(0) @binding(3) var<uniform> params: Params;

fn weight(e: u32) -> f32 { return bitcast<f32>(table[e]); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let id = params.base + flat_index(group, groups, local);
  if (id >= params.count) { return; }
  let size = params.y_size;
  let c = id % params.inner;
  var rest = id / params.inner;
  let w = params.rows.z + 2u * (rest % size.z);
  rest /= size.z;
  let h = params.rows.y + 2u * (rest % size.y);
  rest /= size.y;
  let d = params.rows.x + 2u * (rest % size.x);
  let n = rest / size.x;

  let w_taps = table[w + 3u] - table[w + 1u];
  let h_taps = table[h + 3u] - table[h + 1u];
  let d_taps = table[d + 3u] - table[d + 1u];
  var sum = Sum();
  for (var i = 0u; i < d_taps; i++) {
    var plane = Sum();
    for (var j = 0u; j < h_taps; j++) {
      var line = Sum();
      let at = ((n * params.x_size.x + table[d] + i) * params.x_size.y + table[h] + j) * params.x_size.z + table[w];
      for (var k = 0u; k < w_taps; k++) {
        add(&line, k, weight(table[w + 1u] + k) * f32(x[params.x_at + (at + k) * params.inner + c]));
      }
      add(&plane, j, weight(table[h + 1u] + j) * total(line));
    }
    add(&sum, i, weight(table[d + 1u] + i) * total(plane));
  }
  var value = total(sum);
  if (d_taps * h_taps * w_taps == 0u) { value = params.fill; }
  y[params.y_at + id] = real(value);
}
