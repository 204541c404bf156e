//! Values that all invocations of a subgroup need: each reads some of them and they tell each other. A software adapter reads memory lane by lane, even
//! where all lanes read one address; between registers a value passes in an instruction.

override EIGHT: bool;  // whether subgroups have 8 invocations, or more, instead of 4

struct Eight { a: vec4f, b: vec4f }

fn low(v: f32) -> vec4f { return vec4f(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u)); }
fn high(v: f32) -> vec4f { return vec4f(subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u), subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u)); }

/// Which of 32 values an invocation reads, one of each eight; in subgroups of 4 also those 4 further on.
fn mine(lane: u32) -> vec4u { return lane % select(4u, 8u, EIGHT) + vec4u(0u, 8u, 16u, 24u); }

/// Eight rows of four sums.
struct Rows { r0: vec4f, r1: vec4f, r2: vec4f, r3: vec4f, r4: vec4f, r5: vec4f, r6: vec4f, r7: vec4f }

/// The rows with the products of their eight factors and four values added.
fn added(s: Rows, f: Eight, v: vec4f) -> Rows {
  return Rows(s.r0 + f.a.x * v, s.r1 + f.a.y * v, s.r2 + f.a.z * v, s.r3 + f.a.w * v, s.r4 + f.b.x * v, s.r5 + f.b.y * v, s.r6 + f.b.z * v, s.r7 + f.b.w * v);
}

/// The rows of four blocks in their order.
fn all_rows(s: Rows, t: Rows, u: Rows, v: Rows) -> array<vec4f, 32> {
  return array<vec4f, 32>(s.r0, s.r1, s.r2, s.r3, s.r4, s.r5, s.r6, s.r7, t.r0, t.r1, t.r2, t.r3, t.r4, t.r5, t.r6, t.r7,
    u.r0, u.r1, u.r2, u.r3, u.r4, u.r5, u.r6, u.r7, v.r0, v.r1, v.r2, v.r3, v.r4, v.r5, v.r6, v.r7);
}
