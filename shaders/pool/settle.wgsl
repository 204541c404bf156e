//! large[n,c,i] = the last small[n,c,o] whose index names i, the first one, or their sum in rising order; 0 where there is none. Any indices.
//! One workgroup: a plane at a time, 64 windows after 64, so that the order of writes is that of the windows. small and large are [outer, D, H, W, inner].
//! With GUARD, nothing unless some index was found to leave its window. Source: PyTorch MaxUnpool.
import package::lib::grid::{group_index};
import package::lib::cells::{Params, first_of, cell_of, flat, NOWHERE};
import package::lib::verdict::{outside};

alias real = u32;
/// An element of large: of sums f32, whatever is stored in the end.
alias total = u32;

override GUARD: u32;
override SUM: u32;
/// Whether windows are met from the last to the first.
override REVERSE: u32;

@group(0) @binding(0) var<storage, read> small: array<real>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> large: array<total>;
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
    let large_at = params.large_at + n * cells * params.inner + c;
    let small_at = n * windows * params.inner + c;
    for (var i = local; i < cells; i += 64u) { large[large_at + i * params.inner] = total(); }
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
        var writes = true; // one window a cell: the first of a sum, else the one that stays
        for (var other = 0u; other < 64u; other++) {
          let rival = select(other > local, other < local, SUM != 0u || REVERSE != 0u);
          writes = writes && !(rival && named[other] == mine);
        }
        let to = large_at + mine * params.inner;
        if (writes && SUM == 0u) { large[to] = total(small[params.small_at + at]); }
        if (writes && SUM != 0u) {
          var sum = large[to];
          for (var other = local; other < 64u; other++) {
            if (named[other] == mine) { sum += total(small[params.small_at + small_at + (begin + other) * params.inner]); }
          }
          large[to] = sum;
        }
      }
      storageBarrier();
      workgroupBarrier();
    }
  }
}
