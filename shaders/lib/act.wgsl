//! Activations and their derivatives. tanh and erf are built from exp: the built-in tanh may err by 1e-5, and there is no erf.
import package::lib::num::{num};

override ACT: u32;    // 0 none, 1 relu, 2 leakyRelu, 3 tanh, 4 sigmoid, 5 silu, 6 gelu
override SLOPE: f32;  // of leakyRelu below 0

fn sigmoid_of(z: num) -> num {
  let e = exp(-abs(z));
  return select(e, num(1.0), z >= num(0.0)) / (1.0 + e);
}

fn tanh_of(z: num) -> num {
  let s = z * z;
  let e = exp(-2.0 * abs(z));
  let t = (1.0 - e) / (1.0 + e);
  return select(select(t, -t, z < num(0.0)), z * (1.0 - s * (1.0 / 3.0 - s * (2.0 / 15.0))), s < num(0.0025));
}

/// The share of a normal distribution below z. Abramowitz and Stegun 7.1.26: 1.5e-7.
fn normal_of(z: num) -> num {
  let v = abs(z) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * v);
  let tail = 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-v * v);
  return select(tail, 1.0 - tail, z >= num(0.0));
}

fn act(z: num) -> num {
  switch (ACT) {
    case 1u: { return select(z, num(0.0), z < num(0.0)); }
    case 2u: { return select(z, SLOPE * z, z < num(0.0)); }
    case 3u: { return tanh_of(z); }
    case 4u: { return sigmoid_of(z); }
    case 5u: { return z * sigmoid_of(z); }
    case 6u: { return z * normal_of(z); }
    default: { return z; }
  }
}

fn act_slope(z: num) -> num {
  switch (ACT) {
    case 1u: { return select(num(0.0), num(1.0), z > num(0.0)); }
    case 2u: { return select(num(SLOPE), num(1.0), z > num(0.0)); }
    case 3u: { let t = tanh_of(z); return 1.0 - t * t; }
    case 4u: { let s = sigmoid_of(z); return s * (1.0 - s); }
    case 5u: { let s = sigmoid_of(z); return s * (1.0 + z * (1.0 - s)); }
    case 6u: { return normal_of(z) + z * exp(-0.5 * z * z) * 0.39894228; }
    default: { return num(1.0); }
  }
}
