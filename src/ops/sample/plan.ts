import sample from '../../../shaders/sample/sample.wgsl';
import samplePlanes from '../../../shaders/sample/sample_planes.wgsl';
import { type Adapter, type Plan, product, type Step } from '../../plan.ts';
import { checkBuffers, type Slice } from '../slices.ts';
import { allTaps, paddingOf, runsOf, shapeOf, shared, sizeOf, stridesOf } from './batch.ts';
import type { SampleCall } from './call.ts';

/** Every admissible plan of a forward call, best first.
 * @throws UpsampleError `limit-exceeded` when one of the batch cannot be bound */
export function samplePlans(call: SampleCall, adapter: Adapter): Plan[] {
  const { op, x, grid, y } = call;
  const outputs = { output: y };
  checkBuffers(op, outputs, adapter);
  const make = (name: string, why: string, steps: readonly Step[]): Plan => ({ name, why, outputs, scratch: {}, tables: {}, steps });
  if (product(y.shape) === 0) return [make('empty', 'nothing to compute', [])];
  const runs = runsOf(op, { x, grid, output: y }, 0, adapter);
  const channels = x.shape[1]!;
  const samples = product(y.shape.slice(2));
  const taps = allTaps(call);
  const types = { real_x: x.dtype, real_grid: grid.dtype };
  const bind = ({ bind: { x, grid, output } }: Slice) => ({ x: x!, grid: grid!, y: output! });

  const strided = (unit: number) => (run: Slice) => {
    const [from, to] = [stridesOf(x), stridesOf(y)];
    const of = ({ batch, channel, place }: typeof from) => [batch / unit, channel, place / unit];
    const real = unit === 4 ? { real_x: `vec4<${x.dtype}>`, lanes: 'vec4f' } : { real_x: x.dtype, lanes: 'f32' };
    const { x: x_at, output: y_at, grid: grid_at } = run.at;
    return shared(
      {
        kernel: sample,
        types: { real_grid: grid.dtype, ...real },
        constants: shapeOf(call),
        params: {
          ...{ ...paddingOf(call), x_size: sizeOf(x), channels: channels / unit, x_stride: of(from), samples, y_stride: of(to) },
          ...{ channels_last: Number(x.layout === 'nhwc'), x_at: x_at! / unit, y_at: y_at! / unit, grid_at: grid_at! },
        },
        bind: bind(run),
        count: (run.count * samples * channels) / unit,
      },
      taps * unit,
      adapter,
    );
  };
  const plans: Plan[] = [];
  if (x.layout === 'nhwc' && channels % 4 === 0 && runs.every(({ at }) => at['x']! % 4 === 0 && at['output']! % 4 === 0))
    plans.push(make('vectors', 'channels last: four channels of a sample, as one vector', runs.flatMap(strided(4))));
  if (x.layout === 'nchw' && channels > 1) {
    const steps = runs.flatMap((run) =>
      shared(
        {
          kernel: samplePlanes,
          types,
          constants: shapeOf(call),
          params: {
            ...{ ...paddingOf(call), x_size: sizeOf(x), channels, samples, plane: product(x.shape.slice(2)) },
            ...{ x_at: run.at['x']!, y_at: run.at['output']!, grid_at: run.at['grid']! },
          },
          bind: bind(run),
          count: run.count * samples * Math.ceil(channels / 4),
        },
        taps * 4,
        adapter,
      ),
    );
    plans.push(make('planes', 'channels first: four channels of a sample share its coordinates', steps));
  }
  return [...plans, make('plain', 'one output at a time, any layout', runs.flatMap(strided(1)))];
}
