import {
  avgPool2d,
  avgPool2dBackward,
  type Context,
  type Explanation,
  maxPool2d,
  maxPool2dBackward,
  maxUnpool2d,
  maxUnpool2dBackward,
  type Prepared,
  type Tensor,
} from '../../../src/index.ts';
import type { PoolCase } from '../cases/pool.ts';
import type { OurRecipe } from './index.ts';

interface Operation {
  prepare(ctx: Context, spec: object): Promise<Prepared>;
  explain(ctx: Context, spec: object): Explanation;
}

/** A case's windows in the library's words; the reference has the same. */
export const windowsOf = ({ kernel, stride, padding, ceil }: PoolCase) => ({ kernelSize: kernel, stride, padding, ceilMode: ceil });

export const pool: OurRecipe<PoolCase> = (one, ctx, layout, given) => {
  const { op, large } = one;
  const { ceilMode, ...plain } = windowsOf(one);
  const windows = { ...plain, ceilMode };
  const outputSize = large.slice(2);
  const { x, dy, from } = given;
  const found = from && maxPool2d(from, { ...windows, returnIndices: true });
  const indices = found?.indices;
  found?.output.dispose();
  const way = (eager: () => Tensor, operation: unknown, shape: readonly number[], options: object, io: Record<string, Tensor>, output = 'output') => {
    const { prepare, explain } = operation as Operation;
    const spec = { shape, layout, dtype: (x ?? dy)!.dtype, ...options };
    return { eager, prepare: () => prepare(ctx, spec), io, output, explanation: explain(ctx, spec), close: () => indices?.dispose() };
  };
  switch (op) {
    case 'avg':
      return way(() => avgPool2d(x!, { ...windows, countIncludePad: false }), avgPool2d, large, { ...windows, countIncludePad: false }, { input: x! });
    case 'avgGrad':
      return way(() => avgPool2dBackward(dy!, large, windows), avgPool2dBackward, dy!.shape, { ...windows, inputShape: large }, { input: dy! });
    case 'max':
      return way(() => maxPool2d(x!, windows) as Tensor, maxPool2d, large, windows, { input: x! });
    case 'maxIndices': {
      const both = () => {
        const pooled = maxPool2d(x!, { ...windows, returnIndices: true });
        pooled.indices.dispose();
        return pooled.output;
      };
      const kept = maxPool2d(x!, { ...windows, returnIndices: true }); // where a prepared call writes them
      kept.output.dispose();
      const made = way(both, maxPool2d, large, { ...windows, returnIndices: true }, { input: x!, indices: kept.indices });
      return { ...made, close: () => kept.indices.dispose() };
    }
    case 'maxGrad': {
      const eager = () => maxPool2dBackward(dy!, indices!, large, windows);
      return way(eager, maxPool2dBackward, dy!.shape, { ...windows, inputShape: large }, { dy: dy!, indices: indices! }, 'dx');
    }
    case 'unpool':
      return way(() => maxUnpool2d(x!, indices!, { ...plain, outputSize }), maxUnpool2d, x!.shape, { ...plain, outputSize }, { input: x!, indices: indices! });
    default: {
      const options = { ...plain, outputSize };
      const spec = { ...options, inputShape: indices!.shape };
      return way(() => maxUnpool2dBackward(dy!, indices!, options), maxUnpool2dBackward, large, spec, { dy: dy!, indices: indices! }, 'dx');
    }
  }
};
