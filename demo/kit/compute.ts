// One call of the library, twice: by the reference at once, and on the page's one GPU context as soon as it can. Calls follow each other.

import type { Context, Tensor } from '../../src/index.ts';
import type { Plain } from '../../src/reference.ts';
import { openGpu } from '../gpu.ts';

export type Inputs = Readonly<Record<string, Plain>>;

/** What a panel computes. `gpu` and `cpu` are the same call, of webgpu-upsample and of webgpu-upsample/reference; several results come as a list. */
export interface Call<I extends Inputs> {
  readonly inputs: I;
  readonly gpu: (inputs: { readonly [K in keyof I]: Tensor }, ctx: Context) => Tensor | readonly Tensor[];
  readonly cpu: (inputs: { readonly [K in keyof I]: Plain }) => Plain | readonly Plain[];
  /** Draws the results: those of the reference at once, those of the GPU when they are there. */
  readonly show: (...results: Plain[]) => void;
  /** What it computes, if it only copies: then the GPU's bits must be the reference's, and the badge says so of these words. */
  readonly exact?: string | undefined;
}

/** How the GPU's results compare, or why there are none. */
export type Outcome =
  | { readonly difference: number; readonly equal: boolean; readonly exact?: string | undefined; readonly reason?: never }
  | { readonly reason: string };

/** Largest difference that f32 sums may have from float64 ones and still be equal, relative to the size of what is summed. */
const EQUAL = 4e-6;

const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** What a tensor on the GPU holds: float32. Both sides are given the same. */
export const rounded = <I extends Inputs>(inputs: I): I =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data, ...rest }]) => [name, { ...rest, data: Float32Array.from(data) }])) as unknown as I;

export const reference = <I extends Inputs>({ inputs, cpu }: Call<I>): readonly Plain[] => asList(cpu(inputs));

const largest = (data: ArrayLike<number>) => Array.from(data).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

function compare({ inputs, exact }: Pick<Call<Inputs>, 'inputs' | 'exact'>, got: readonly Plain[], want: readonly Plain[]): Outcome {
  let difference = 0;
  let bits = true;
  let reach = Object.values(inputs).reduce((product, { data }) => product * Math.max(1, largest(data)), 1);
  for (const [k, { data }] of want.entries()) {
    reach = Math.max(reach, largest(data));
    for (let i = 0; i < data.length; i++) {
      const apart = Math.abs(got[k]!.data[i]! - data[i]!);
      bits &&= Object.is(got[k]!.data[i], data[i]);
      difference = Number.isNaN(apart) && !Number.isNaN(data[i]) ? Number.POSITIVE_INFINITY : Math.max(difference, apart || 0);
    }
  }
  return { difference, equal: exact ? bits : difference <= EQUAL * reach, exact };
}

let turn: Promise<unknown> = Promise.resolve();

/** Runs the call on the GPU after those before it, shows its results and compares them.
 * @param wanted whether they are still wanted when its turn comes */
export function onGpu<I extends Inputs>(call: Call<I>, want: readonly Plain[], wanted: () => boolean): Promise<Outcome | undefined> {
  const run = async (): Promise<Outcome | undefined> => {
    const { ctx, error } = await openGpu();
    if (!wanted()) return undefined;
    if (!ctx) return { reason: error.reason ?? error.code };
    const made: Tensor[] = [];
    try {
      const inputs = Object.fromEntries(
        Object.entries(call.inputs).map(([name, { data, shape }]) => {
          const tensor = ctx.tensor(data, shape);
          made.push(tensor);
          return [name, tensor];
        }),
      ) as { readonly [K in keyof I]: Tensor };
      const results = asList(ctx.tidy(() => call.gpu(inputs, ctx)));
      made.push(...results);
      const got = await Promise.all(results.map(async (y): Promise<Plain> => ({ data: await y.data(), shape: y.shape })));
      if (!wanted()) return undefined;
      call.show(...got);
      return compare(call, got, want);
    } catch (error) {
      return { reason: (error as { code?: string }).code ?? String(error) };
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  };
  const mine = turn.then(run);
  turn = mine.catch(() => {});
  return mine;
}
