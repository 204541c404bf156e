//! A sum, in parts of 32 and of 1024 terms where LONG says so: the error of a long one grows slowly with their number.
//! The root declares lanes.

/// Whether there may be more than 32 terms.
override LONG: bool;

struct Sum { all: lanes, some: lanes, part: lanes }

/// Adds term k.
fn add(sum: ptr<function, Sum>, k: u32, term: lanes) {
  (*sum).part += term;
  if (!LONG) { return; }
  if (k % 32u == 31u) {
    (*sum).some += (*sum).part;
    (*sum).part = lanes();
  }
  if (k % 1024u == 1023u) {
    (*sum).all += (*sum).some;
    (*sum).some = lanes();
  }
}

fn total(sum: Sum) -> lanes {
  if (!LONG) { return sum.part; }
  return sum.all + sum.some + sum.part;
}
