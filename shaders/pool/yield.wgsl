//! small[n,c,o] = 0 for the windows o that lose their cell to another one with the same index. Any indices.
//! One workgroup: a plane at a time, 64 windows after 64, in the order in which they overwrite each other. small is [outer, D, H, W, inner].
//! With GUARD, nothing unless some index was found to leave its window. Source: the gradient of max unpooling, where duplicates have a winner.
import package::lib::grid::{group_index};
import package::lib::cells::{Params, first_of, cell_of, flat, NOWHERE};
import package::lib::verdict::{outside};

alias real = u32;

override GUARD: u32;
/// Whether windows are met from the last to the first.
override REVERSE: u32;

@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> owner: array<u32>;
@group(0) @binding(2) var<storage, read_write> small: array<real>;
@group(0) @binding(3) var<storage, read_write> verdict: array<atomic<u32>>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> named: array<u32, 64>;
var<workgroup> needed: u32;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  if (local == 0u) { needed = select(1u, atomicLoad(&verdict[0]), GUARD != 0u); }
  if (workgroupUniformLoad(&needed) == 0u) { return; }
  let cells = params.large.x * params.large.y * params.large.z;
  let windows = params.small.x * params.small.y * params.small.z;
  let chunks = (windows + 63u) / 64u;
  let all_groups = groups.x * groups.y * groups.z;
  for (var plane = params.base + group_index(group, groups); plane < params.count; plane += all_groups) {
    let n = plane / params.inner;
    let c = plane - n * params.inner;
    let first = first_of(n, c);
    let owner_at = n * cells * params.inner + c;
    let small_at = n * windows * params.inner + c;
    for (var i = local; i < cells; i += 64u) { owner[owner_at + i * params.inner] = NOWHERE; }
    storageBarrier();
    for (var k = 0u; k < chunks; k++) {
      let begin = 64u * select(k, chunks - 1u - k, REVERSE != 0u);
      let at = small_at + (begin + local) * params.inner;
      var mine = NOWHERE;
      if (begin + local < windows) {
        let cell = cell_of(indices[params.indices_at + at], first);
        if (cell.x == NOWHERE) { outside(params.outer * windows * params.inner + at); } else { mine = flat(cell); }
      }
      named[local] = mine;
      workgroupBarrier();
      if (mine != NOWHERE) {
        var stays = true;
        for (var other = 0u; other < 64u; other++) {
          stays = stays && !(select(other > local, other < local, REVERSE != 0u) && named[other] == mine);
        }
        if (stays) {
          let loser = owner[owner_at + mine * params.inner];
          if (loser != NOWHERE) { small[params.small_at + loser] = real(); }
          owner[owner_at + mine * params.inner] = at;
        } else {
          small[params.small_at + at] = real();
        }
      }
      storageBarrier();
      workgroupBarrier();
    }
  }
}
