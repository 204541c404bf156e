import {
  type Context,
  type Explanation,
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

/** Any of the four operations. */
interface Operation {
  (x: Tensor, ...rest: readonly unknown[]): Tensor;
  prepare(ctx: Context, spec: object): Promise<Prepared>;
  explain(ctx: Context, spec: object): Explanation;
}

type Options = { op: 'interpolate'; options: InterpolateOptions } | { op: 'resize'; options: ResizeOptions };

/** A case in the library's words; the reference has the same. */
export function wordsOf({ mode, rule, antialias, backward, inputs, output }: ResampleCase): Options {
  const size = (backward ? inputs['x']! : output).slice(2);
  if (mode === 'nearest') return { op: 'interpolate', options: { mode, size } };
  if (rule === 'asymmetric')
    return { op: 'resize', options: { mode: mode === 'bilinear' ? 'linear' : 'cubic', sizes: size, axes: [2, 3], coordinateTransformationMode: rule } };
  return { op: 'interpolate', options: { mode, size, alignCorners: rule === 'align_corners', antialias } };
}

export const resample: OurRecipe<ResampleCase> = (one, ctx, layout, { x }) => {
  const { op, options } = wordsOf(one);
  const inputShape = one.output;
  const from = op === 'interpolate' ? interpolate : resize;
  const back = op === 'interpolate' ? interpolateBackward : resizeBackward;
  const operation = (one.backward ? back : from) as unknown as Operation;
  const rest = one.backward ? [inputShape, options] : [options];
  const spec = { shape: one.inputs['x']!, layout, ...(one.backward && { inputShape }), ...options };
  return {
    eager: () => operation(x!, ...rest),
    prepare: () => operation.prepare(ctx, spec),
    io: { input: x! },
    output: 'output',
    explanation: operation.explain(ctx, spec),
    close: () => {},
  };
};
