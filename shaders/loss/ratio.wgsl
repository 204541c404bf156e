//! y = part[0] / part[1]: a weighted mean.
struct Params {
  y_at: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  y[params.y_at] = part[0] / part[1];
}
