import bundle from '../../../shaders/sample/bundle.wgsl';
import collect from '../../../shaders/sample/collect.wgsl';
import collectPlanes from '../../../shaders/sample/collect_planes.wgsl';
import locate from '../../../shaders/sample/locate.wgsl';
import search from '../../../shaders/sample/search.wgsl';
import slope from '../../../shaders/sample/slope.wgsl';
import { type Adapter, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { checkBuffers, type Slice } from '../slices.ts';
import { allTaps, paddingOf, runsOf, shapeOf, shared, sizeOf, stridesOf } from './batch.ts';
import { type SampleCall, tapsOf } from './call.ts';
import { sorted, tableLength } from './order.ts';

/** Questions (pixel, sample and channel) up to which asking every sample is admissible. */
const MOST_SEARCH = 2 ** 24;
/** Questions up to which it is also faster, as measured on software adapters: below, the dispatches of a sort take longer. */
const FEW_SEARCH = 2 ** 15;

/** Every admissible plan of a backward call, best first.
 * @throws UpsampleError `limit-exceeded` when one of the batch cannot be bound */
export function sampleGradientPlans(call: SampleCall, adapter: Adapter): Plan[] {
  const { op, x, grid, gradients } = call;
  const flat = (t: TensorSpec): TensorSpec => ({ ...t, skew: 0 });
  const outputs = { ...(gradients.includes('dx') && { dx: flat(x) }), ...(gradients.includes('dgrid') && { dgrid: flat(grid) }) };
  checkBuffers(op, outputs, adapter);
  const make = (name: string, why: string, steps: readonly Step[], scratch: Plan['scratch'] = {}): Plan => ({ name, why, outputs, scratch, tables: {}, steps });
  if (x.shape[0] === 0) return [make('empty', 'nothing to compute', [])];
  const after = gradients.includes('dgrid') ? slopes(call, adapter) : [];
  if (!gradients.includes('dx')) return [make('slope', 'dgrid: one sample at a time', after)];

  const samples = product(grid.shape.slice(1, -1));
  const pixels = product(x.shape.slice(2));
  const channels = x.shape[1]!;
  const questions = x.shape[0]! * samples * pixels * channels;
  const tensors = { dy: call.dy!, grid, dx: outputs.dx! };
  const [pairBytes, placeBytes] = [samples * 8, samples * 4 * (x.shape.length - 2)];
  const plans: Plan[] = [];

  const runs = runsOf(op, tensors, Math.max(pairBytes, placeBytes, (pixels + 1) * 4), adapter);
  const most = Math.max(...runs.map((r) => r.count));
  const scratch = {
    ...{ places: most * placeBytes, pairs: most * pairBytes, spare: most * pairBytes },
    ...{
      table: tableLength(most * samples) * 4,
      begins: (most * pixels + 1) * 4,
      bundles: Math.max(...runs.map((r) => bundleBytes(call, r.count, adapter)), 16),
    },
  };
  const add = (name: string, why: string, collecting: (run: Slice, pairs: string) => Step[]) => {
    const steps = runs.flatMap((run) => {
      const { steps, name } = sorted(run.count * samples, run.count * pixels, adapter);
      return [...located(call, run, adapter), ...steps, ...bundled(call, run, name, adapter), ...collecting(run, name)];
    });
    plans.push(make(name, `samples sorted by pixel; ${why}`, [...steps, ...after], scratch));
  };
  const { layout } = x;
  const alike = layout === call.dy!.layout;
  if (alike && layout === 'nhwc' && channels % 4 === 0 && runs.every(({ at }) => at['dy']! % 4 === 0 && at['dx']! % 4 === 0))
    add('vectors', 'four channels as one vector', (run, pairs) => collected(call, run, pairs, 4, adapter));
  if (alike && layout === 'nchw' && channels > 1)
    add('planes', 'four channels share their weights', (run, pairs) => collectedPlanes(call, run, pairs, adapter));
  add('sorted', 'one element at a time, any layout', (run, pairs) => collected(call, run, pairs, 1, adapter));

  if (questions <= MOST_SEARCH) {
    const steps = runs.flatMap((run) => [...located(call, run, adapter), ...searched(call, run, adapter)]);
    const plan = make('search', 'every pixel asks every sample', [...steps, ...after], { places: scratch.places, pairs: scratch.pairs });
    if (questions <= FEW_SEARCH) plans.unshift(plan);
    else plans.push(plan);
  }
  return plans;
}

const strides = (t: TensorSpec, unit = 1) => {
  const { batch, channel, place } = stridesOf(t);
  return [batch / unit, channel, place / unit];
};
const samplesOf = ({ grid }: SampleCall) => product(grid.shape.slice(1, -1));
const pixelsOf = ({ x }: SampleCall) => product(x.shape.slice(2));

function slopes(call: SampleCall, adapter: Adapter): Step[] {
  const { op, x, grid } = call;
  const channels = x.shape[1]!;
  const samples = samplesOf(call);
  const runs = runsOf(op, { dy: call.dy!, x, grid, dgrid: { ...grid, skew: 0 } }, 0, adapter);
  return runs.flatMap(({ count, bind: { dy, x: from, grid: places, dgrid }, at }) =>
    shared(
      {
        kernel: slope,
        types: { real_x: x.dtype, real_grid: grid.dtype },
        constants: shapeOf(call),
        params: {
          ...{ ...paddingOf(call), x_size: sizeOf(x), channels, x_stride: strides(x), samples, dy_stride: strides(call.dy!) },
          ...{ x_at: at['x']!, dy_at: at['dy']!, grid_at: at['grid']!, dgrid_at: at['dgrid']! },
        },
        bind: { dy: dy!, x: from!, grid: places!, dgrid: dgrid! },
        count: count * samples,
      },
      allTaps(call) * channels,
      adapter,
    ),
  );
}

function located(call: SampleCall, { count, bind, at }: Slice, adapter: Adapter): Step[] {
  const samples = samplesOf(call);
  return shared(
    {
      kernel: locate,
      types: { real_grid: call.grid.dtype },
      constants: shapeOf(call),
      params: { ...paddingOf(call), x_size: sizeOf(call.x), samples, pixels: count * pixelsOf(call), grid_at: at['grid']! },
      bind: { grid: bind['grid']!, places: 'places', pairs: 'pairs' },
      count: count * samples,
    },
    16,
    adapter,
  );
}

function searched(call: SampleCall, { count, bind, at }: Slice, adapter: Adapter): Step[] {
  const { x } = call;
  const channels = x.shape[1]!;
  const samples = samplesOf(call);
  return shared(
    {
      kernel: search,
      types: { real_x: x.dtype },
      constants: shapeOf(call),
      params: {
        ...{ ...paddingOf(call), x_size: sizeOf(x), channels, dx_stride: strides(x), samples, dy_stride: strides(call.dy!) },
        ...{ channels_last: Number(x.layout === 'nhwc'), dy_at: at['dy']!, dx_at: at['dx']! },
      },
      bind: { dy: bind['dy']!, places: 'places', dx: bind['dx']! },
      count: count * pixelsOf(call) * channels,
    },
    samples * 4 * tapsOf(call), // each answer has the weights of all axes
    adapter,
  );
}

/** Pixels that ask a sample. */
const asking = (call: SampleCall) => (call.mode === 'bicubic' && call.paddingMode === 'reflection' ? 5 : tapsOf(call)) ** (call.x.shape.length - 2);

/** As `lib/filed.wgsl` has it. */
const BUNDLE = 256;

/** Bytes of the sums of bundles; 0 where there are none, or too many for a binding: then every sample is added by itself. */
function bundleBytes(call: SampleCall, batch: number, { limits }: Adapter): number {
  const bytes = Math.floor((batch * samplesOf(call)) / BUNDLE) * asking(call) * call.x.shape[1]! * 4;
  return bytes <= Math.min(limits.binding, limits.buffer) ? bytes : 0;
}

function bundled(call: SampleCall, { count, bind, at }: Slice, pairs: string, adapter: Adapter): Step[] {
  const { x } = call;
  const work = {
    kernel: bundle,
    types: { real_x: x.dtype },
    constants: shapeOf(call),
    params: {
      ...{ ...paddingOf(call), x_size: sizeOf(x), channels: x.shape[1]!, dy_stride: strides(call.dy!) },
      ...{ samples: samplesOf(call), pixels: count * pixelsOf(call), dy_at: at['dy']! },
    },
    bind: { dy: bind['dy']!, places: 'places', pairs, bundles: 'bundles' },
    count: (bundleBytes(call, count, adapter) / 4 / x.shape[1]!) * Math.ceil(x.shape[1]! / 4),
  };
  return shared(work, BUNDLE * 4, adapter);
}

/** Cuts channels, in units of `unit`, into parts whose sums stay short even where one pixel holds all samples. */
function* parts(call: SampleCall, batch: number, unit: number): Generator<{ first: number; channels: number; each: number }> {
  const all = Math.ceil(call.x.shape[1]! / unit);
  const work = batch * samplesOf(call) * asking(call) * unit;
  const most = Math.max(Math.floor(1e9 / work), 1);
  const each = Math.max(work / (batch * pixelsOf(call)), unit);
  for (let first = 0; first < all; first += most) yield { first, channels: Math.min(most, all - first), each };
}

function collected(call: SampleCall, { count, bind, at }: Slice, pairs: string, unit: number, adapter: Adapter): Step[] {
  const { x } = call;
  return [...parts(call, count, unit)].flatMap(({ first, channels, each }) =>
    shared(
      {
        kernel: collect,
        types: unit === 4 ? { real_x: `vec4<${x.dtype}>`, lanes: 'vec4f' } : { real_x: x.dtype, lanes: 'f32' },
        constants: shapeOf(call),
        params: {
          ...{ ...paddingOf(call), x_size: sizeOf(x), channels, dx_stride: strides(x, unit), samples: samplesOf(call), dy_stride: strides(call.dy!, unit) },
          ...{
            channels_last: Number(x.layout === 'nhwc'),
            channel: first,
            all_channels: x.shape[1]! / unit,
            bundled: Number(bundleBytes(call, count, adapter) > 0),
            dy_at: at['dy']! / unit,
            dx_at: at['dx']! / unit,
          },
        },
        bind: { dy: bind['dy']!, places: 'places', pairs, begins: 'begins', bundles: 'bundles', dx: bind['dx']! },
        count: count * pixelsOf(call) * channels,
      },
      each,
      adapter,
    ),
  );
}

function collectedPlanes(call: SampleCall, { count, bind, at }: Slice, pairs: string, adapter: Adapter): Step[] {
  const { x } = call;
  return [...parts(call, count, 4)].flatMap(({ first, channels: blocks, each }) =>
    shared(
      {
        kernel: collectPlanes,
        types: { real_x: x.dtype },
        constants: shapeOf(call),
        params: {
          ...paddingOf(call),
          x_size: sizeOf(x),
          channels: x.shape[1]!,
          blocks,
          block: first,
          samples: samplesOf(call),
          dy_at: at['dy']!,
          bundled: Number(bundleBytes(call, count, adapter) > 0),
          dx_at: at['dx']!,
        },
        bind: { dy: bind['dy']!, places: 'places', pairs, begins: 'begins', bundles: 'bundles', dx: bind['dx']! },
        count: count * pixelsOf(call) * blocks,
      },
      each,
      adapter,
    ),
  );
}
