import {
  bedOfNails2d,
  bedOfNails2dBackward,
  type Context,
  type Explanation,
  type InsertOptions,
  type InterpolateOptions,
  interpolate,
  interpolateBackward,
  type Prepared,
  type ResizeOptions,
  resize,
  resizeBackward,
  type Tensor,
} from '../../../src/index.ts';
import type { ResampleCase } from '../cases/resample.ts';
import type { OurRecipe } from './index.ts';

/** Any of the operations. */
interface Operation {
  (x: Tensor, ...rest: readonly unknown[]): Tensor;
  prepare(ctx: Context, spec: object): Promise<Prepared>;
  explain(ctx: Context, spec: object): Explanation;
}

type Options =
  | { op: 'interpolate'; options: InterpolateOptions }
  | { op: 'resize'; options: ResizeOptions }
  | { op: 'bedOfNails2d'; options: InsertOptions & { stride: number[] } };

/** A case in the library's words; the reference has the same. */
export function wordsOf({ mode, rule, antialias, backward, inputs, output }: ResampleCase): Options {
  const [small, large] = (backward ? [output, inputs['x']!] : [inputs['x']!, output]) as [readonly number[], readonly number[]];
  const size = large.slice(2);
  if (mode === 'nails') return { op: 'bedOfNails2d', options: { stride: size.map((n, i) => n / small[i + 2]!) } };
  if (mode === 'nearest') return { op: 'interpolate', options: { mode, size } };
  if (rule === 'asymmetric')
    return { op: 'resize', options: { mode: mode === 'bilinear' ? 'linear' : 'cubic', sizes: size, axes: [2, 3], coordinateTransformationMode: rule } };
  return { op: 'interpolate', options: { mode, size, alignCorners: rule === 'align_corners', antialias } };
}

const operations = {
  interpolate: { forward: interpolate, backward: interpolateBackward },
  resize: { forward: resize, backward: resizeBackward },
  bedOfNails2d: { forward: bedOfNails2d, backward: bedOfNails2dBackward },
};

export const resample: OurRecipe<ResampleCase> = (one, ctx, layout, { x }) => {
  const { op, options } = wordsOf(one);
  const inputShape = one.output;
  const operation = operations[op][one.backward ? 'backward' : 'forward'] as unknown as Operation;
  const rest = one.backward ? [inputShape, options] : [options];
  const spec = { shape: one.inputs['x']!, layout, dtype: x!.dtype, ...(one.backward && { inputShape }), ...options };
  return {
    eager: () => operation(x!, ...rest),
    prepare: () => operation.prepare(ctx, spec),
    io: { input: x! },
    output: 'output',
    explanation: operation.explain(ctx, spec),
    close: () => {},
  };
};
