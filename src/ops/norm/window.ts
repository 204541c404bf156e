import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, product, type TensorSpec, type Window } from '../../plan.ts';

/** A run of samples whose bindings respect the limit: where each tensor is bound, and its first element there. */
export interface Run {
  readonly first: number;
  readonly count: number;
  readonly bind: Readonly<Record<string, string | Window>>;
  readonly at: Readonly<Record<string, number>>;
}

/** Cuts the batch of tensors of one shape into runs whose windows fit the binding limit. */
export function runs(op: string, tensors: Readonly<Record<string, TensorSpec>>, { limits }: Adapter): Run[] {
  const all = Object.entries(tensors);
  const { shape, dtype } = all[0]![1];
  const width = BYTES[dtype];
  const batch = shape[0]!;
  const sample = product(shape.slice(1));
  if (all.every(([, t]) => (batch * sample + t.skew) * width <= limits.binding))
    return [
      { first: 0, count: batch, bind: Object.fromEntries(all.map(([name]) => [name, name])), at: Object.fromEntries(all.map(([name, t]) => [name, t.skew])) },
    ];
  const most = Math.floor((limits.binding - 512) / (sample * width));
  if (most < 1)
    throw new UpsampleError('limit-exceeded', op, `one sample of ${sample * width} bytes exceeds a storage binding; the device allows ${limits.binding} bytes`);
  return Array.from({ length: Math.ceil(batch / most) }, (_, i) => {
    const first = i * most;
    const count = Math.min(most, batch - first);
    const bind: Record<string, Window> = {};
    const at: Record<string, number> = {};
    for (const [name, { skew }] of all) {
      const start = (skew + first * sample) * width;
      const offset = Math.floor(start / 256) * 256;
      bind[name] = { of: name, offset, size: Math.ceil((start + count * sample * width - offset) / 4) * 4 };
      at[name] = (start - offset) / width;
    }
    return { first, count, bind, at };
  });
}
