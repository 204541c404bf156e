import convert from '../../../shaders/pool/convert.wgsl';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { checkBuffers, dispatches, slices } from '../slices.ts';
import type { ConvertCall } from './call.ts';
import { stepsOf } from './format.ts';
import { cellParams } from './job.ts';
import { around, placeOf } from './place.ts';

/** The plan of a conversion: the only one. */
export function convertPlans({ op, x, from, to }: ConvertCall, adapter: Adapter): Plan[] {
  const output: TensorSpec = { ...x, dtype: 'u32', skew: 0 };
  checkBuffers(op, { output }, adapter);
  const { outer } = around(x);
  const sizes = [1, 1, 1, ...x.shape.slice(2)].slice(-3);
  const { batch, channel, axes } = stepsOf(to);
  const parts = outer * product(x.shape) ? slices(op, outer, { x: placeOf('input', x), y: placeOf('output', output) }, adapter, { one: 'plane' }) : [];
  const fields = cellParams(x, from);
  const steps = parts.flatMap((part) =>
    dispatches(
      {
        kernel: convert,
        types: {},
        constants: {},
        params: {
          ...{ ...fields, small: sizes, large: from.plane, pad: [0, 0, 0], outer: part.first, outers: part.count },
          ...{ small_at: 0, large_at: part.at.y, indices_at: part.at.x },
        },
        bind: { ...part.bind, to: 'to' },
        count: part.count * product(sizes) * fields.inner,
      },
      adapter,
    ),
  );
  const tables = { to: Uint32Array.of(...axes, batch, channel) };
  return [{ name: 'plain', why: 'one index at a time', outputs: { output }, scratch: {}, tables, steps }];
}
