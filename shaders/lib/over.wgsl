//! Division by sizes that often are 1.

/// a / b, without a division where b is 1: parameters branch alike for all, and CPUs without vectors of divisions take long over one.
fn over(a: u32, b: u32) -> u32 {
  if (b == 1u) { return a; }
  return a / b;
}
