//! Digits of sort keys.
const DIGITS = 16u;
const RUN = 64u;

fn digit_of(key: u32, shift: u32) -> u32 { return (key >> shift) & (DIGITS - 1u); }
