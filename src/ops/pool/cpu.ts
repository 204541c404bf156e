// The reference: the same checks and geometry as the kernels, in float64, one window after another.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { type Strides, stridesOf } from '../conv/geometry.ts';
import { backward, forward } from '../resample/map.ts';
import { type MaxPoolGeometry, type MaxPoolOptions, maxPoolBackwardCall, maxPoolCall } from './arguments.ts';
import { adaptiveAvgPoolCall, avgPoolCall } from './average.ts';
import type { Indexing, SpreadCall } from './call.ts';
import { cellOf, stepsOf } from './format.ts';
import { outsideError } from './outside.ts';
import { type ConvertIndicesOptions, convertCall, type MaxUnpoolOptions, maxUnpoolCall } from './unpool.ts';

/** Max pooling's values, and where they were. */
export interface PlainPooled {
  output: PlainResult;
  indices: PlainResult;
}

type Cell = readonly [number, number, number];

/** Calls `each` for every element of [N, C, D, H, W], in that order, with its place in memory. */
function visit(spec: TensorSpec, each: (place: number, n: number, c: number, at: Cell) => void): void {
  const [n, c] = spec.shape as [number, number];
  const [d, h, w] = [1, 1, 1, ...spec.shape.slice(2)].slice(-3) as unknown as Cell;
  const strides = stridesOf(spec.shape, spec.layout);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < c; b++)
      for (let z = 0; z < d; z++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) each(placeIn(strides, a, b, [z, y, x]), a, b, [z, y, x]);
}

const placeIn = ({ batch, channel, axes }: Strides, n: number, c: number, [z, y, x]: Cell) => n * batch + c * channel + z * axes[0] + y * axes[1] + x * axes[2];

const result = (data: Float64Array, { shape, layout }: TensorSpec, dtype: TensorSpec['dtype']): PlainResult => ({ data, shape, layout, dtype });
const count = ({ shape }: TensorSpec) => product(shape);

/** The index of a cell. */
function indexOf(indexing: Indexing, n: number, c: number, [z, y, x]: Cell): number {
  const { batch, channel, axes } = stepsOf(indexing);
  return n * batch + c * channel + z * axes[0] + y * axes[1] + x * axes[2];
}

const pool =
  (spatial: number) =>
  (x: Plain, options: MaxPoolOptions): PlainResult | PlainPooled => {
    const op = `maxPool${spatial}d`;
    const call = maxPoolCall(op, spatial, specOf(op, 'x', x), options);
    const [d, h, w] = call.axes;
    const from = stridesOf(call.x.shape, call.x.layout);
    const y = new Float64Array(count(call.y));
    const indices = new Float64Array(y.length);
    visit(call.y, (place, n, c, [oz, oy, ox]) => {
      let best: number | undefined;
      let cell: Cell = [0, 0, 0];
      for (let a = 0; a < d.kernel; a++)
        for (let b = 0; b < h.kernel; b++)
          for (let e = 0; e < w.kernel; e++) {
            const at: Cell = [oz * d.stride - d.pad + a * d.dilation, oy * h.stride - h.pad + b * h.dilation, ox * w.stride - w.pad + e * w.dilation];
            if (at.some((i, axis) => i < 0 || i >= call.axes[axis]!.large)) continue;
            const v = x.data[placeIn(from, n, c, at)]!;
            const replaces = best === undefined || v > best || (call.nan === 'ignore' ? Number.isNaN(best) && !Number.isNaN(v) : Number.isNaN(v));
            if (!replaces) continue;
            best = v;
            cell = at;
          }
      y[place] = best!;
      indices[place] = indexOf(call.indexing, n, c, cell);
    });
    const output = result(y, call.y, call.x.dtype);
    return call.returnIndices ? { output, indices: result(indices, call.y, 'u32') } : output;
  };

/** The cell that every index names, as its place in memory of `large`; -1 outside its plane. `at` tells the window. */
function named({ small, large, indices, indexing }: SpreadCall, data: ArrayLike<number>, each: (place: number, cell: number, window: Cell, at: Cell) => void) {
  const strides = stridesOf(large.shape, large.layout);
  const size = [1, 1, 1, ...large.shape.slice(2)].slice(-3);
  visit({ ...small, layout: indices.layout }, (place, n, c, window) => {
    const cell = cellOf(indexing, n, c, data[place]! < 0 ? 2 ** 32 + data[place]! : data[place]!);
    const inside = cell?.every((i, axis) => i < size[axis]!);
    each(place, inside ? placeIn(strides, n, c, cell!) : -1, window, inside ? cell! : [-1, -1, -1]);
  });
}

const poolBackward =
  (spatial: number) =>
  (dy: Plain, indices: Plain, inputShape: readonly number[], options: MaxPoolGeometry): PlainResult => {
    const op = `maxPool${spatial}dBackward`;
    const call = maxPoolBackwardCall(op, spatial, specOf(op, 'dy', dy), specOf(op, 'indices', indices), inputShape, options);
    const dx = new Float64Array(count(call.large));
    named(call, indices.data, (place, cell, window, at) => {
      const reached = call.axes.every((a, i) => {
        const tap = at[i]! - window[i]! * a.stride + a.pad;
        return tap >= 0 && tap % a.dilation === 0 && tap / a.dilation < a.kernel;
      });
      if (cell >= 0 && reached) dx[cell]! += dy.data[place]!;
    });
    return result(dx, call.large, dy.dtype ?? 'f32');
  };

/** The windows that own cells, or -1: of several the last or the first. Throws for the first index outside its plane, in memory order. */
function owners(call: SpreadCall, indices: ArrayLike<number>): { owner: Float64Array; cells: Float64Array } {
  const owner = new Float64Array(count(call.large)).fill(-1);
  const cells = new Float64Array(count(call.small)).fill(-1);
  named(call, indices, (place, cell) => {
    cells[place] = cell;
    if (cell >= 0 && (call.duplicates === 'last' || owner[cell] === -1)) owner[cell] = place;
  });
  const odd = cells.indexOf(-1);
  if (call.check && odd >= 0) throw outsideError(call, odd, indices[odd]!);
  return { owner, cells };
}

const unpool =
  (spatial: number) =>
  (x: Plain, indices: Plain, options: MaxUnpoolOptions): PlainResult => {
    const op = `maxUnpool${spatial}d`;
    const call = maxUnpoolCall(op, spatial, specOf(op, 'x', x), specOf(op, 'indices', indices), options);
    const { owner, cells } = owners(call, indices.data);
    const y = new Float64Array(owner.length);
    if (call.duplicates !== 'sum') for (const [i, place] of owner.entries()) y[i] = place < 0 ? 0 : x.data[place]!;
    else for (const [place, cell] of cells.entries()) if (cell >= 0) y[cell]! += x.data[place]!;
    return result(y, call.large, call.small.dtype);
  };

const unpoolBackward =
  (spatial: number) =>
  (dy: Plain, indices: Plain, options: MaxUnpoolOptions): PlainResult => {
    const op = `maxUnpool${spatial}dBackward`;
    const given = specOf(op, 'indices', indices);
    const call = maxUnpoolCall(op, spatial, given, given, options, { dy: specOf(op, 'dy', dy) });
    const { owner, cells } = owners(call, indices.data);
    const dx = new Float64Array(cells.length);
    for (const [place, cell] of cells.entries()) if (cell >= 0 && (call.duplicates === 'sum' || owner[cell] === place)) dx[place] = dy.data[cell]!;
    return result(dx, call.small, call.large.dtype);
  };

type Pool = {
  (x: Plain, options: MaxPoolOptions & { returnIndices: true }): PlainPooled;
  (x: Plain, options: MaxPoolOptions & { returnIndices?: false | undefined }): PlainResult;
  (x: Plain, options: MaxPoolOptions): PlainResult | PlainPooled;
};

// Each as its namesake on the GPU. An index outside its plane is an error at once.
export const maxPool1d = /*#__PURE__*/ pool(1) as Pool;
export const maxPool2d = /*#__PURE__*/ pool(2) as Pool;
export const maxPool3d = /*#__PURE__*/ pool(3) as Pool;
export const maxPool1dBackward = /*#__PURE__*/ poolBackward(1);
export const maxPool2dBackward = /*#__PURE__*/ poolBackward(2);
export const maxPool3dBackward = /*#__PURE__*/ poolBackward(3);
export const maxUnpool1d = /*#__PURE__*/ unpool(1);
export const maxUnpool2d = /*#__PURE__*/ unpool(2);
export const maxUnpool3d = /*#__PURE__*/ unpool(3);
export const maxUnpool1dBackward = /*#__PURE__*/ unpoolBackward(1);
export const maxUnpool2dBackward = /*#__PURE__*/ unpoolBackward(2);
export const maxUnpool3dBackward = /*#__PURE__*/ unpoolBackward(3);

export function convertIndices(indices: Plain, options: ConvertIndicesOptions): PlainResult {
  const op = 'convertIndices';
  const { x, from, to } = convertCall(op, specOf(op, 'indices', indices), options);
  const y = new Float64Array(count(x));
  visit(x, (place, n, c) => {
    const given = indices.data[place]!;
    const cell = cellOf(from, n, c, given < 0 ? 2 ** 32 + given : given);
    y[place] = cell ? indexOf(to, n, c, cell) : 2 ** 32 - 1;
  });
  return result(y, x, 'u32');
}

export const avgPool1d = /*#__PURE__*/ forward('avgPool1d', /*#__PURE__*/ avgPoolCall(1));
export const avgPool2d = /*#__PURE__*/ forward('avgPool2d', /*#__PURE__*/ avgPoolCall(2));
export const avgPool3d = /*#__PURE__*/ forward('avgPool3d', /*#__PURE__*/ avgPoolCall(3));
export const avgPool1dBackward = /*#__PURE__*/ backward('avgPool1dBackward', /*#__PURE__*/ avgPoolCall(1));
export const avgPool2dBackward = /*#__PURE__*/ backward('avgPool2dBackward', /*#__PURE__*/ avgPoolCall(2));
export const avgPool3dBackward = /*#__PURE__*/ backward('avgPool3dBackward', /*#__PURE__*/ avgPoolCall(3));
export const adaptiveAvgPool1d = /*#__PURE__*/ forward('adaptiveAvgPool1d', /*#__PURE__*/ adaptiveAvgPoolCall(1));
export const adaptiveAvgPool2d = /*#__PURE__*/ forward('adaptiveAvgPool2d', /*#__PURE__*/ adaptiveAvgPoolCall(2));
export const adaptiveAvgPool3d = /*#__PURE__*/ forward('adaptiveAvgPool3d', /*#__PURE__*/ adaptiveAvgPoolCall(3));
export const adaptiveAvgPool1dBackward = /*#__PURE__*/ backward('adaptiveAvgPool1dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(1));
export const adaptiveAvgPool2dBackward = /*#__PURE__*/ backward('adaptiveAvgPool2dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(2));
export const adaptiveAvgPool3dBackward = /*#__PURE__*/ backward('adaptiveAvgPool3dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(3));
