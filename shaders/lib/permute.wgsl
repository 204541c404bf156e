//! A permutation of [outer, rows, columns]: three outer axes by their steps, rows and columns by tables of offsets.
//! An offset of x is a sum over the axes of y, so it is one of the outer axes, plus one of the row, plus one of the column.

struct Params {
  x_step: vec3u,  // of the outer axes
  rows: u32,      // of a plane, in units of the kernel
  y_step: vec3u,
  columns: u32,   // of a row, in units of the kernel
  inner: vec2u,   // sizes of the second and third outer axis
  parts: vec2u,   // where y's rows and x's columns begin in the table; x's rows begin at 0
  size: vec2u,    // rows of a plane and columns of a row, in words
  count: u32,     // invocations
  base: u32,
  x_at: u32,
  y_at: u32,
}

struct Place { x: u32, y: u32, row: u32, column: u32 }

/// Which row and column, and where their plane begins in x and y. Columns vary fastest.
fn place_of(id: u32) -> Place {
  let lines = id / params.columns;
  let planes = lines / params.rows;
  let slabs = planes / params.inner.y;
  let slow = slabs / params.inner.x;
  let outer = vec3u(slow, slabs - slow * params.inner.x, planes - slabs * params.inner.y);
  return Place(params.x_at + dot(params.x_step, outer), params.y_at + dot(params.y_step, outer), lines - planes * params.rows, id - lines * params.columns);
}
