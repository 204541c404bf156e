//! pixel[i,j] = x[:,i,j] * std + mean, clamped to 0..1 and rounded to 1/255; written with premultiplied alpha.
//! One triangle that covers the target; one fragment: one pixel. x: [CHANNELS, H, W] in any layout, by strides.

alias real = f32;
override CHANNELS: u32;
/// 0: colours are premultiplied; 1: they are straight; 2: alpha is ignored, as it must be below 4 channels.
override ALPHA: u32;

struct Params {
  mean: vec4f,
  deviation: vec4f,
  strides: vec2u,   // from column to column and from row to row
  plane: u32,       // from channel to channel
  x_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<real>;
@group(0) @binding(1) var<uniform> params: Params;

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  return vec4f(select(-1.0, 3.0, index == 1u), select(-1.0, 3.0, index == 2u), 0.0, 1.0);
}

@fragment
fn main(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let spot = vec2u(position.xy); // pixel centres at .5, exact up to 2^23
  let at = params.x_at + spot.x * params.strides.x + spot.y * params.strides.y;
  var value: vec4f;
  for (var c = 0u; c < 4u; c++) { value[c] = f32(x[at + min(c, CHANNELS - 1u) * params.plane]); } // one channel is all three colours
  value = clamp(value * params.deviation + params.mean, vec4f(), vec4f(1.0));
  if (ALPHA == 1u) { value = vec4f(value.rgb * value.a, value.a); }
  if (ALPHA == 2u) { value.a = 1.0; }
  // A filter that overshoots may leave colour brighter than its alpha, which compositors do not expect.
  return floor(vec4f(min(value.rgb, value.aaa), value.a) * 255.0 + 0.5) / 255.0;
}
