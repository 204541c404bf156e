//! Functions of two numbers, and their derivatives: arithmetic, prelu, and what losses sum up.
import package::lib::num::{num};

override PAIR: u32;
const ADD = 1u;
const SUB = 2u;
const MUL = 3u;
const PRELU = 4u;  // of p, with slope q below 0
const FALL = 5u;   // p times the part of q that is not above 0: the gradient of prelu's slope
const SQUARE = 6u;
const DISTANCE = 7u;
const LOGITS = 8u; // binary cross entropy of logit p and target q

/// log(1 + e) for 0 <= e <= 1 as 2 artanh(e / (2 + e)), to the last bits: the built-in log may err by 2^-21.
fn log_above_one(e: num) -> num {
  let s = e / (2.0 + e);
  let z = s * s;
  return 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0)))))));
}

fn pair(p: num, q: num) -> num {
  switch (PAIR) {
    case ADD: { return p + q; }
    case SUB: { return p - q; }
    case MUL: { return p * q; }
    case PRELU: { return select(q * p, p, p > num(0.0)); }
    case FALL: { return select(p * q, num(0.0), q > num(0.0)); }
    case SQUARE: { let d = p - q; return d * d; }
    case DISTANCE: { return abs(p - q); }
    case LOGITS: { return select(p, num(0.0), p < num(0.0)) - p * q + log_above_one(exp(-abs(p))); }
    default: { return p; }
  }
}
