import { version } from '../../../package.json';
import { type Context, type Explanation, fromDevice, type Layout, type Prepared, type Tensor } from '../../../src/index.ts';
import { type AnyCase, type Case, count, follow, lies, type Recipes } from '../cases/case.ts';
import type { Arrays, Entry, Library, Shared } from '../library.ts';
import { conv } from './conv.ts';
import { pool } from './pool.ts';
import { resample } from './resample.ts';
import { shuffle } from './shuffle.ts';
import { train } from './train.ts';

/** What is timed as a call alone. */
export interface Called {
  eager(): Tensor;
  /** The row's output, where it is not what a call returns. */
  result?(): Promise<Float32Array>;
  /** Disposes what the recipe made beside the tensors it was given. */
  close(): void;
}

/** An operation whose arguments are already those of a case. */
export interface Way extends Called {
  /** The same result from several operations, where that is how others do it. */
  apart?(): Tensor;
  prepare(): Promise<Prepared>;
  /** What `encode` is given beside the output. */
  readonly io: Readonly<Record<string, Tensor>>;
  /** The output's name among them. */
  readonly output: string;
  readonly explanation: Explanation;
}

type Given = [ctx: Context, layout: Layout, tensors: Readonly<Record<string, Tensor>>];
export type OurRecipe<C> = (one: C, ...given: Given) => Way | Called;

const recipes: Recipes<Given, Way | Called> = { conv, pool, resample, shuffle, train };

/** Rows of more operations than this run in a caller's encoder as fast as in a call: the dispatch is everything. */
const WORTH_ENCODING = 2e7;

type Common = Pick<Entry, 'library' | 'layout' | 'plan' | 'flops'>;

/** The eager call: output allocated and disposed each time. */
const called = (common: Common, kind: 'call' | 'apart' | 'f32', ctx: Context, run: () => Tensor, close: () => void, result?: Called['result']): Entry => ({
  ...common,
  kind,
  call: () => run().dispose(),
  flush: () => ctx.flush(),
  result:
    result ??
    (async () => {
      const y = run();
      const data = await y.data();
      y.dispose();
      return data as Float32Array;
    }),
  close,
});

/** The prepared operation, recorded by the caller into memory of the caller's. */
function encoded(common: Common, ctx: Context, one: AnyCase, way: Way): Entry {
  const { device } = ctx;
  const dtype = one.dtype ?? 'f32';
  const size = Math.ceil(((one.dtype ? 2 : 4) * count(one.output)) / 4) * 4;
  const output = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const io = { ...way.io, [way.output]: output } as Record<'input' | 'output', Tensor | GPUBuffer>;
  let prepared: Prepared | undefined;
  let encoder: GPUCommandEncoder | undefined;
  const call = () => {
    encoder ??= device.createCommandEncoder();
    prepared!.encode(encoder, io);
  };
  const flush = () => {
    if (encoder) device.queue.submit([encoder.finish()]);
    encoder = undefined;
  };
  return {
    ...common,
    kind: 'encode',
    open: async () => {
      prepared = await way.prepare();
    },
    call,
    flush,
    result: async () => {
      call();
      flush();
      return (await ctx.wrap(output, [count(one.output)], { dtype }).data()) as Float32Array;
    },
    close: () => {
      prepared?.dispose();
      output.destroy();
    },
  };
}

function enter(ctx: Context, one: Case, layout: Layout, inputs: Arrays): Entry[] {
  const { dtype = 'f32' } = one;
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, data]) => {
      const filter = one.filters.includes(name);
      return [name, filter ? ctx.tensor(data, lies(one, name, layout), { dtype }) : ctx.tensor(data, one.inputs[name]!, { layout, dtype })];
    }),
  );
  const way = follow(recipes, one, ctx, layout, tensors);
  const close = () => {
    way.close();
    for (const tensor of Object.values(tensors)) tensor.dispose();
  };
  if (!('explanation' in way)) return [called({ library: 'ours', layout }, 'call', ctx, way.eager, close, way.result)];
  const { plan, flops } = way.explanation;
  const common: Common = { library: 'ours', layout, plan, ...(flops !== undefined && { flops }) };
  return [
    called(common, 'call', ctx, way.eager, close),
    ...(way.apart ? [called({ library: 'ours', layout }, 'apart', ctx, way.apart, () => {})] : []),
    ...((flops ?? 0) < WORTH_ENCODING ? [encoded(common, ctx, one, way)] : []),
  ];
}

/** The call of an f16 row in f32: the same numbers. */
function inSingle(ctx: Context, { dtype, ...one }: Case, layout: Layout, inputs: Arrays): Entry[] {
  if (!dtype) return [];
  return enter(ctx, one as Case, layout, inputs).flatMap((entry): Entry[] => {
    if (entry.kind === 'call') return [{ ...entry, kind: 'f32' }];
    entry.close();
    return [];
  });
}

export function open({ device }: Shared): { library: Library; ctx: Context } {
  const ctx = fromDevice(device);
  const library: Library = {
    name: 'ours',
    version,
    layouts: ['nchw', 'nhwc'],
    enter: async (one, layout, inputs) => [...enter(ctx, one, layout, inputs), ...inSingle(ctx, one, layout, inputs)],
  };
  return { library, ctx };
}
