//! Elements of 2 bytes, two in a word: told apart with their bits at the top, and put together again.

/// The first of each word.
fn low(words: vec4u) -> vec4u { return words << vec4u(16u); }

/// The second of each word.
fn high(words: vec4u) -> vec4u { return words & vec4u(0xffff0000u); }

fn joined(low: vec4u, high: vec4u) -> vec4u { return (low >> vec4u(16u)) | high; }
