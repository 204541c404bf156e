// The reference: the same checks as the kernels, in float64.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product } from '../../plan.ts';
import { stridesOf } from '../pointwise/broadcast.ts';
import { given, places, plain } from '../pointwise/plain.ts';
import { type ReduceOptions, reduceCall, type SoftmaxOptions, type SpreadOptions, softmaxCall, spreadCall } from './arguments.ts';
import type { ReduceCall } from './call.ts';

/** Where each element's sum lies, in memory order. */
function sums({ full, axes, sum }: ReduceCall): Uint32Array {
  const own = stridesOf(sum.shape, sum.layout);
  const left = full.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const strideOf = (axis: number) => (axes.includes(axis) ? 0 : own[sum.shape.length === full.shape.length ? axis : left.indexOf(axis)]!);
  return places(
    full,
    full.shape.map((_, axis) => strideOf(axis)),
  );
}

const scaleOf = ({ full, axes, mean }: ReduceCall) => (mean ? 1 / product(axes.map((axis) => full.shape[axis]!)) : 1);

const reduce =
  (op: string, mean: boolean) =>
  (x: Plain, options: ReduceOptions = {}): PlainResult => {
    const call = reduceCall(mean)(op, specOf(op, 'x', x), options);
    const y = new Float64Array(product(call.sum.shape));
    sums(call).forEach((to, i) => {
      y[to]! += x.data[i]!;
    });
    return plain(
      y.map((v) => v * scaleOf(call)),
      call.sum,
    );
  };

const spread =
  (op: string, mean: boolean) =>
  (dy: Plain, inputShape: readonly number[], options: SpreadOptions = {}): PlainResult => {
    const call = spreadCall(mean)(op, specOf(op, 'dy', dy), inputShape, options);
    return plain(
      Float64Array.from(sums(call), (from) => dy.data[from]! * scaleOf(call)),
      call.full,
    );
  };

/** Visits the runs of a tensor along one axis: the places of each. */
function along({ shape, layout }: { readonly shape: readonly number[]; readonly layout: 'nchw' | 'nhwc' }, axis: number, visit: (run: number[]) => void): void {
  const strides = stridesOf(shape, layout);
  const rest = shape.map((n, i) => (i === axis ? 1 : n));
  for (const first of places({ shape: rest, layout, dtype: 'f32' }, strides)) visit(Array.from({ length: shape[axis]! }, (_, c) => first + c * strides[axis]!));
}

const softmaxOf =
  (op: string, log: boolean) =>
  (x: Plain, options: SoftmaxOptions = {}): PlainResult => {
    const call = softmaxCall(log)(op, given(op, { x }), options);
    const y = new Float64Array(x.data.length);
    along(call.x, call.axis, (run) => {
      const top = run.reduce((most, at) => Math.max(most, x.data[at]!), Number.NEGATIVE_INFINITY);
      const total = run.reduce((sum, at) => sum + Math.exp(x.data[at]! - top), 0);
      for (const at of run) y[at] = log ? x.data[at]! - top - Math.log(total) : Math.exp(x.data[at]! - top) / total;
    });
    return plain(y, call.x);
  };

const softmaxBackwardOf =
  (op: string, log: boolean) =>
  (dy: Plain, y: Plain, options: SoftmaxOptions = {}): PlainResult => {
    const call = softmaxCall(log)(op, given(op, { dy, y }), options);
    const dx = new Float64Array(y.data.length);
    along(call.x, call.axis, (run) => {
      const total = run.reduce((sum, at) => sum + dy.data[at]! * (log ? 1 : y.data[at]!), 0);
      for (const at of run) dx[at] = log ? dy.data[at]! - Math.exp(y.data[at]!) * total : y.data[at]! * (dy.data[at]! - total);
    });
    return plain(dx, call.x);
  };

// Each as its namesake on the GPU.
export const sum = /*#__PURE__*/ reduce('sum', false);
export const sumBackward = /*#__PURE__*/ spread('sumBackward', false);
export const mean = /*#__PURE__*/ reduce('mean', true);
export const meanBackward = /*#__PURE__*/ spread('meanBackward', true);
export const softmax = /*#__PURE__*/ softmaxOf('softmax', false);
export const softmaxBackward = /*#__PURE__*/ softmaxBackwardOf('softmaxBackward', false);
export const logSoftmax = /*#__PURE__*/ softmaxOf('logSoftmax', true);
export const logSoftmaxBackward = /*#__PURE__*/ softmaxBackwardOf('logSoftmaxBackward', true);
