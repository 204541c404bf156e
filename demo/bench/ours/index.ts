import { version } from '../../../package.json';
import { type Context, fromDevice, type Layout, type Prepared, type Tensor } from '../../../src/index.ts';
import type { Explanation, PrepareSpec } from '../../../src/op.ts';
import { type Case, count } from '../cases/case.ts';
import type { Arrays, Entry, Library, Shared } from '../library.ts';
import { resample } from './resample.ts';

/** An operation whose arguments are already those of a case. */
interface Operation {
  (x: Tensor, ...rest: readonly unknown[]): Tensor;
  prepare(ctx: Context, spec: PrepareSpec): Promise<Prepared>;
  explain(ctx: Context, spec: PrepareSpec): Explanation;
}

const recipe = (one: Case) => {
  const { operation, rest, spec } = resample(one);
  return { operation: operation as unknown as Operation, rest: rest as readonly unknown[], spec: spec as PrepareSpec };
};

/** The eager call: output allocated and disposed each time. */
function called(ctx: Context, one: Case, layout: Layout, x: Tensor): Entry {
  const { operation, rest, spec } = recipe(one);
  return {
    library: 'ours',
    kind: 'call',
    layout,
    plan: operation.explain(ctx, { ...spec, layout }).plan,
    call: () => operation(x, ...rest).dispose(),
    flush: () => ctx.flush(),
    result: async () => {
      const y = operation(x, ...rest);
      const data = await y.data();
      y.dispose();
      return data as Float32Array;
    },
    close: () => x.dispose(),
  };
}

/** The prepared operation, recorded by the caller into memory of the caller's. */
function encoded(ctx: Context, one: Case, layout: Layout, x: Tensor): Entry {
  const { operation, spec } = recipe(one);
  const { device } = ctx;
  const output = device.createBuffer({ size: 4 * count(one.output), usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  let prepared: Prepared | undefined;
  let encoder: GPUCommandEncoder | undefined;
  const call = () => {
    encoder ??= device.createCommandEncoder();
    prepared!.encode(encoder, { input: x, output });
  };
  const flush = () => {
    if (encoder) device.queue.submit([encoder.finish()]);
    encoder = undefined;
  };
  return {
    library: 'ours',
    kind: 'encode',
    layout,
    plan: operation.explain(ctx, { ...spec, layout }).plan,
    open: async () => {
      prepared = await operation.prepare(ctx, { ...spec, layout });
    },
    call,
    flush,
    result: async () => {
      call();
      flush();
      return (await ctx.wrap(output, one.output, { layout }).data()) as Float32Array;
    },
    close: () => {
      prepared?.dispose();
      output.destroy();
    },
  };
}

export function open({ device }: Shared): { library: Library; ctx: Context } {
  const ctx = fromDevice(device);
  const library: Library = {
    name: 'ours',
    version,
    layouts: ['nchw', 'nhwc'],
    enter: async (one: Case, layout: Layout, inputs: Arrays) => {
      const x = ctx.tensor(inputs['x']!, one.inputs['x']!, { layout });
      return [called(ctx, one, layout, x), encoded(ctx, one, layout, x)];
    },
  };
  return { library, ctx };
}
