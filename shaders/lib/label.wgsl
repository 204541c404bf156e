//! What a class label counts: the weight of its class, 0 where it is ignored, NaN where there is no such class.

override WEIGHTED: u32;

fn counts(label: u32, classes: u32, ignored: u32, weight: f32, nan: f32) -> f32 {
  if (label == ignored) { return 0.0; }
  if (label >= classes) { return nan; }
  return select(1.0, weight, WEIGHTED != 0u);
}
