//! Which invocation this is, in a grid that is folded over x, y and z: workgroups of 64.
fn flat_index(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return ((group.z * groups.y + group.y) * groups.x + group.x) * 64u + local;
}

/// Which workgroup this is.
fn group_index(group: vec3u, groups: vec3u) -> u32 {
  return (group.z * groups.y + group.y) * groups.x + group.x;
}
