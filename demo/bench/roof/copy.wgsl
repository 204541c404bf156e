//! y[i] = x[i]
//! One invocation: four vec4f, a workgroup's width apart.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 256u + local;
  y[i] = x[i];
  y[i + 64u] = x[i + 64u];
  y[i + 128u] = x[i + 128u];
  y[i + 192u] = x[i + 192u];
}
