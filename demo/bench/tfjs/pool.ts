import type * as tfjs from '@tensorflow/tfjs-core';
import type { PoolCase } from '../cases/pool.ts';
import type { TfjsRecipe } from './index.ts';

/** A case as tfjs runs it, or why it cannot. */
export const pool: TfjsRecipe<PoolCase> = ({ op, kernel, stride, padding, ceil, large }, tf, given) => {
  if (op.startsWith('unpool')) return 'no unpooling';
  const round = ceil ? 'ceil' : 'floor';
  const [x, dy, from] = [given['x'], given['dy'], given['from']] as (tfjs.Tensor4D | undefined)[];
  if (op === 'max') return () => tf.maxPool(x!, kernel, stride, padding, round);
  if (op === 'avg') return () => tf.avgPool(x!, kernel, stride, padding, round);
  const run = (name: string, inputs: object, attrs: object) => tf.engine().runKernel(name, inputs as tfjs.NamedTensorMap, attrs as never);
  if (op === 'maxIndices') {
    if (padding) return 'no padding of its argmax';
    return () => {
      const [result, indexes] = run(
        'MaxPoolWithArgmax',
        { x },
        { filterSize: kernel, strides: stride, pad: 'valid', includeBatchInIndex: false },
      ) as tfjs.Tensor[];
      indexes!.dispose();
      return result!;
    };
  }
  const attrs = { filterSize: kernel, strides: stride, pad: padding };
  if (op === 'avgGrad') {
    const [n, c, h, w] = large as [number, number, number, number];
    const input = tf.zeros([n, h, w, c]); // only its shape is read
    return () => run('AvgPoolGrad', { dy, input }, attrs) as tfjs.Tensor;
  }
  const output = tf.maxPool(from!, kernel, stride, padding, round);
  return () => run('MaxPoolGrad', { dy, input: from, output }, attrs) as tfjs.Tensor;
};
