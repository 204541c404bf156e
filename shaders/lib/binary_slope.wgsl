//! Derivatives of the functions of lib/binary.wgsl that are not one of them again.
import package::lib::num::{num};
import package::lib::binary::{PAIR, PRELU, SQUARE, DISTANCE, LOGITS};

override SECOND: u32; // with respect to q, otherwise to p

fn pair_slope(p: num, q: num) -> num {
  let d = p - q;
  var slope = num(0.0);
  switch (PAIR) {
    case PRELU: { slope = select(q, num(1.0), p > num(0.0)); }
    case SQUARE: { slope = 2.0 * d; }
    case DISTANCE: { slope = select(select(num(0.0), num(-1.0), d < num(0.0)), num(1.0), d > num(0.0)); }
    case LOGITS: {
      if (SECOND != 0u) { return -p; }
      let e = exp(-abs(p));
      slope = select(e, num(1.0), p >= num(0.0)) / (1.0 + e) - q;
    }
    default: {}
  }
  return select(slope, -slope, SECOND != 0u);
}
