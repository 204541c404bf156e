//! What a kernel computes with: one f32, or four at a time as vec4<f32>. Functions on num are written componentwise.
alias num = f32;
