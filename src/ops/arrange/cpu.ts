// The reference: the same checks and the same copies as the kernels, one element after another.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import {
  type ConcatOptions,
  type CropOptions,
  concatBackwardCall,
  concatCall,
  type FlattenOptions,
  flattenBackwardCall,
  flattenCall,
  type PadOptions,
  padBackwardCall,
  padCall,
  type ReshapeBackwardOptions,
  reshapeBackwardCall,
  reshapeCall,
  type SliceOptions,
  sliceBackwardCall,
  sliceCall,
  transposeCall,
} from './arguments.ts';
import { type ArrangeCall, isMove, type Move, type PadSum, sourceOf } from './call.ts';

type Numbers = Float64Array<ArrayBuffer>;

function move({ axes, xAt, yAt, edge }: Move, x: ArrayLike<number>, y: Numbers, fill: number): void {
  const visit = (depth: number, from: number, to: number): void => {
    const axis = axes[depth];
    if (!axis) {
      y[to] = from < 0 ? fill : x[from]!;
      return;
    }
    for (let c = 0; c < axis.size; c++) {
      const i = sourceOf(edge, axis, c);
      visit(depth + 1, i < 0 || from < 0 ? -1 : from + i * axis.x, to + c * axis.y);
    }
  };
  visit(0, xAt, yAt);
}

function padSum({ outer, long, short, inner, begin, reflect }: PadSum, dy: ArrayLike<number>, dx: Numbers): void {
  const axis = { size: long, x: 1, y: 1, begin: -begin, limit: short };
  for (let n = 0; n < outer; n++)
    for (let o = 0; o < long; o++) {
      const i = sourceOf(reflect ? 'reflect' : 'replicate', axis, o);
      for (let c = 0; c < inner; c++) dx[(n * short + i) * inner + c]! += dy[(n * long + o) * inner + c]!;
    }
}

function run({ outputs, between, steps, fill }: ArrangeCall, inputs: Readonly<Record<string, Plain>>): Record<string, PlainResult> {
  const data: Record<string, ArrayLike<number>> = {};
  for (const [name, t] of Object.entries(inputs)) data[name] = t.data;
  for (const [name, n] of Object.entries(between)) data[name] = new Float64Array(n);
  for (const [name, t] of Object.entries(outputs)) data[name] = new Float64Array(product(t.shape));
  for (const step of steps) {
    const [x, y] = [data[step.from]!, data[step.to] as Numbers];
    if (isMove(step)) move(step, x, y, fill);
    else padSum(step, x, y);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, { shape, dtype, layout }]) => [name, { data: data[name] as Numbers, shape, dtype, layout }]));
}

const single =
  <Rest extends unknown[]>(op: string, check: (op: string, x: TensorSpec, ...rest: Rest) => ArrangeCall, name = 'x') =>
  (x: Plain, ...rest: Rest): PlainResult =>
    run(check(op, specOf(op, name, x), ...rest), { input: x })['output']!;

// Each as its namesake on the GPU.
export const slice = /*#__PURE__*/ single<[options?: SliceOptions]>('slice', /*#__PURE__*/ sliceCall(false));
export const crop = /*#__PURE__*/ single<[options?: CropOptions]>('crop', /*#__PURE__*/ sliceCall(true));
export const pad = /*#__PURE__*/ single<[options: PadOptions]>('pad', padCall);
export const transpose = /*#__PURE__*/ single<[axes: readonly number[]]>('transpose', transposeCall);
export const reshape = /*#__PURE__*/ single<[shape: readonly number[]]>('reshape', reshapeCall);
export const flatten = /*#__PURE__*/ single<[options?: FlattenOptions]>('flatten', flattenCall);

type To = readonly number[];
export const sliceBackward = /*#__PURE__*/ single<[inputShape: To, options?: SliceOptions]>('sliceBackward', /*#__PURE__*/ sliceBackwardCall(false), 'dy');
export const cropBackward = /*#__PURE__*/ single<[inputShape: To, options?: CropOptions]>('cropBackward', /*#__PURE__*/ sliceBackwardCall(true), 'dy');
export const padBackward = /*#__PURE__*/ single<[inputShape: To, options: PadOptions]>('padBackward', padBackwardCall, 'dy');
export const reshapeBackward = /*#__PURE__*/ single<[inputShape: To, options?: ReshapeBackwardOptions]>('reshapeBackward', reshapeBackwardCall, 'dy');
export const flattenBackward = /*#__PURE__*/ single<[inputShape: To, options?: FlattenOptions]>('flattenBackward', flattenBackwardCall, 'dy');
export const transposeBackward = /*#__PURE__*/ single<[axes: readonly number[]]>(
  'transposeBackward',
  (op, dy, axes) => transposeCall(op, dy, axes, true),
  'dy',
);

export function concat(tensors: readonly Plain[], options: ConcatOptions = {}): PlainResult {
  const op = 'concat';
  const specs = tensors.map((t, i) => specOf(op, `tensor ${i}`, t));
  return run(concatCall(op, specs, options), Object.fromEntries(tensors.map((t, i) => [`input${i}`, t])))['output']!;
}

export function concatBackward(dy: Plain, inputShapes: readonly To[], options: ConcatOptions = {}): PlainResult[] {
  const op = 'concatBackward';
  const made = run(concatBackwardCall(op, specOf(op, 'dy', dy), inputShapes, options), { input: dy });
  return inputShapes.map((_, i) => made[`dx${i}`]!);
}
