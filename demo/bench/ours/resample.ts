import { type InterpolateOptions, interpolate, interpolateBackward, type ResizeOptions, resize, resizeBackward } from '../../../src/index.ts';
import type { ResampleCase } from '../cases/resample.ts';

type Options = { op: 'interpolate'; options: InterpolateOptions } | { op: 'resize'; options: ResizeOptions };

/** A case in the library's words; the reference has the same. */
export function wordsOf({ mode, rule, antialias, backward, inputs, output }: ResampleCase): Options {
  const size = (backward ? inputs['x']! : output).slice(2);
  if (mode === 'nearest') return { op: 'interpolate', options: { mode, size } };
  if (rule === 'asymmetric')
    return { op: 'resize', options: { mode: mode === 'bilinear' ? 'linear' : 'cubic', sizes: size, axes: [2, 3], coordinateTransformationMode: rule } };
  return { op: 'interpolate', options: { mode, size, alignCorners: rule === 'align_corners', antialias } };
}

/** The operation, what its eager call is given after x, and what `prepare` is given. */
export function resample(one: ResampleCase) {
  const { op, options } = wordsOf(one);
  const shape = one.inputs['x']!;
  if (one.backward) {
    const inputShape = one.output;
    const spec = { shape, inputShape, ...options };
    const operation = op === 'interpolate' ? interpolateBackward : resizeBackward;
    return { operation, rest: [inputShape, options], spec };
  }
  return { operation: op === 'interpolate' ? interpolate : resize, rest: [options], spec: { shape, ...options } };
}
