//! Functions of one number with their first and second derivatives: the activations, and some more.
import package::lib::num::{num};
import package::lib::kept::{kept, exp_of, log_of};
import package::lib::act::{ACT, act, act_slope, sigmoid_of, tanh_of};

const SQUARE = 16u;
const ABS = 17u;
const EXP = 18u;
const LOG = 19u;
const SQRT = 20u;

fn value_of(z: num) -> num {
  switch (ACT) {
    case SQUARE: { return z * z; }
    case ABS: { return abs(z); }
    case EXP: { return exp_of(z); }
    case LOG: { return log_of(z); }
    case SQRT: { return kept(z, sqrt(z)); }
    default: { return act(z); }
  }
}

fn slope_of(z: num) -> num {
  switch (ACT) {
    case SQUARE: { return 2.0 * z; }
    case ABS: { return select(select(num(0.0), num(-1.0), z < num(0.0)), num(1.0), z > num(0.0)); }
    case EXP: { return exp_of(z); }
    case LOG: { return 1.0 / z; }
    case SQRT: { return 0.5 / sqrt(z); }
    default: { return act_slope(z); }
  }
}

fn curve_of(z: num) -> num {
  switch (ACT) {
    case 3u: { let t = tanh_of(z); return -2.0 * t * (1.0 - t * t); }
    case 4u: { let s = sigmoid_of(z); return s * (1.0 - s) * (1.0 - 2.0 * s); }
    case 5u: { let s = sigmoid_of(z); return s * (1.0 - s) * (2.0 + z * (1.0 - 2.0 * s)); }
    case 6u: { return (2.0 - z * z) * exp(-0.5 * z * z) * 0.39894228; }
    case SQUARE: { return num(2.0); }
    case EXP: { return exp_of(z); }
    case LOG: { return -1.0 / (z * z); }
    case SQRT: { return -0.25 / (z * sqrt(z)); }
    default: { return num(0.0); }
  }
}
