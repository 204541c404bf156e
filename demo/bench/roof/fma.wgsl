//! y[i] = a number that cannot be had without all its multiply-adds: 8 independent chains of vec4f, 256 links each.
//! One invocation: 8 * 4 * 256 multiply-adds.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  let m = x[0];
  var a = x[i];
  var b = a + 1.0;
  var c = a + 2.0;
  var d = a + 3.0;
  var e = a + 4.0;
  var f = a + 5.0;
  var g = a + 6.0;
  var h = a + 7.0;
  for (var k = 0u; k < 256u; k++) {
    a = fma(a, m, m);
    b = fma(b, m, m);
    c = fma(c, m, m);
    d = fma(d, m, m);
    e = fma(e, m, m);
    f = fma(f, m, m);
    g = fma(g, m, m);
    h = fma(h, m, m);
  }
  y[i] = (a + b) + (c + d) + ((e + f) + (g + h));
}
