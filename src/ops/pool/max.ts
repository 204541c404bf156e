import window from '../../../shaders/pool/max.wgsl';
import windowPair from '../../../shaders/pool/max_pair.wgsl';
import windowPixel from '../../../shaders/pool/max_pixel.wgsl';
import windowRow from '../../../shaders/pool/max_row.wgsl';
import { type Adapter, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { checkBuffers, dispatches, slices } from '../slices.ts';
import type { Axes, MaxPoolCall } from './call.ts';
import { stepsOf } from './format.ts';
import { around, placeOf, runOf } from './place.ts';

/** Overrides of the windows. */
export const windowsOf = ([d, h, w]: Axes) => ({
  ...{ KD: d.kernel, KH: h.kernel, KW: w.kernel, SD: d.stride, SH: h.stride, SW: w.stride },
  ...{ DD: d.dilation, DH: h.dilation, DW: w.dilation },
});

/** About 1e9 comparisons at most in one dispatch. */
const mostOf = (taps: number) => Math.max(Math.floor(1e9 / taps), 1);

/** Every admissible plan of max pooling, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function maxPoolPlans(call: MaxPoolCall, adapter: Adapter): Plan[] {
  const { op, x, y, axes, returnIndices, indexing } = call;
  const indices: TensorSpec = { ...y, dtype: 'u32' };
  const outputs = { output: y, ...(returnIndices && { indices }) };
  checkBuffers(op, outputs, adapter);
  const scratch: Plan['scratch'] = returnIndices ? {} : { unused: 16 };
  const make = (name: string, why: string, steps: readonly Step[]): Plan => ({ name, why, outputs, scratch, tables: {}, steps });
  if (product(y.shape) === 0) return [make('empty', 'nothing to compute', [])];
  const half = x.dtype === 'f16';
  const { outer, inner, channels } = around(x);
  const places = { x: placeOf('input', x), y: placeOf('output', y), ...(returnIndices && { indices: placeOf('indices', indices) }) };
  const parts = slices(op, outer, places as Required<typeof places>, adapter, { one: 'plane', even: x.dtype === 'f16' });
  const bound = (part: (typeof parts)[number]) => ({ ...part.bind, ...(!returnIndices && { indices: 'unused' }) });
  const index = stepsOf(indexing);
  const [xSize, ySize] = [axes.map((a) => a.large), axes.map((a) => a.small)];
  const common = { INFINITY_BITS: half ? 0x7c000000 : 0x7f800000, IGNORE: Number(call.nan === 'ignore'), INDICES: Number(returnIndices) };
  const windows = windowsOf(axes);
  const taps = product(axes.map((a) => a.kernel));
  const counting = { steps: index.axes, channels, batch: index.batch, channel: index.channel };
  const pad = axes.map((a) => a.pad);
  const whole = axes.every((a) => a.kernel <= 2 && a.pad === 0 && (a.small - 1) * a.stride + (a.kernel - 1) * a.dilation < a.large);

  const plain = (width: 1 | 4) =>
    parts.flatMap((part) => {
      const count = (part.count * product(ySize) * inner) / width;
      return dispatches(
        {
          kernel: window,
          types: width === 4 ? { bits: 'vec4u', ranks: 'vec4i', truths: 'vec4<bool>', LANES: 'vec4u(0u, 1u, 2u, 3u)' } : {},
          constants: { ...common, ...windows, WIDTH: width, HALF: Number(half), WHOLE: Number(whole) },
          params: {
            ...{ ...counting, x_size: xSize, y_size: ySize, inner: inner / width, pad, outer: part.first },
            ...{ x_at: part.at.x / width, y_at: half ? part.at.y / 2 : part.at.y / width, indices_at: (part.at.indices ?? 0) / width },
          },
          bind: bound(part),
          count: half ? Math.ceil(count / 2) : count,
          all: count,
        },
        adapter,
        mostOf(taps * width),
      );
    });
  const rows = () =>
    parts.flatMap((part) =>
      dispatches(
        {
          kernel: windowRow,
          types: {},
          constants: { ...common, ...windows },
          params: {
            ...{ ...counting, x_size: xSize, y_size: [ySize[0]!, ySize[1]!, ySize[2]! / 4], pad, outer: part.first },
            ...{ x_at: part.at.x, y_at: part.at.y / 4, indices_at: (part.at.indices ?? 0) / 4 },
          },
          bind: bound(part),
          count: (part.count * product(ySize)) / 4,
        },
        adapter,
        mostOf(taps * 4),
      ),
    );

  /** Elements of a vector of 16 bytes. */
  const vector = half ? 8 : 4;
  const [d, h, w] = axes;
  /** Whole windows 2 wide, in vectors of x: from step to step of x along D, H and W. */
  const wholes = (kernel: typeof windowPair, columns: number, strides: readonly number[]) => {
    const RUN = runOf(columns, adapter, 2);
    const [deep, low, wide] = strides as [number, number, number];
    const lines = [0, 1].slice(0, d.kernel).flatMap((a) => [0, 1].slice(0, h.kernel).map((b) => [a * d.dilation, b * h.dilation] as const));
    const four = (of: (a: number, b: number) => number) => [0, 1, 2, 3].map((i) => (lines[i] ? of(...lines[i]) : 0));
    const x_step = [xSize[0]! * deep, d.stride * deep, h.stride * low, w.stride * wide];
    const pair = kernel === windowPair;
    return parts.flatMap((part) =>
      dispatches(
        {
          kernel,
          types: {},
          constants: { ...common, HALF: Number(half), LINES: lines.length, RUN },
          params: {
            lines: four((a, b) => a * deep + b * low),
            cells: four((a, b) => a * index.axes[0] + b * index.axes[1]),
            x_step,
            cell_step: index.axes.map((step, i) => step * axes[i]!.stride),
            size: [ySize[0]!, ySize[1]!, columns / RUN],
            ...{ inner: pair ? 1 : inner / vector, tap: w.dilation * wide, step: w.dilation * index.axes[2], outer: part.first },
            ...{ batch: index.batch, channel: index.channel, channels },
            ...{ x_at: part.at.x / vector, y_at: part.at.y / vector, indices_at: (part.at.indices ?? 0) / 4 },
          },
          bind: bound(part),
          count: (((part.count * product(ySize) * inner) / ySize[2]!) * (columns / RUN)) / (pair ? 1 : vector),
        },
        adapter,
        mostOf(taps * vector * RUN),
      ),
    );
  };

  const plans: Plan[] = [];
  const aligned = (unit: number) => parts.every(({ at }) => at.x % unit === 0 && at.y % unit === 0 && (at.indices ?? 0) % 4 === 0);
  const twoWide = whole && w.kernel === 2;
  const row = xSize[2]! / vector;
  if (inner === 1 && twoWide && w.stride === 2 && w.dilation === 1 && row === ySize[2]! / (vector / 2) && row % 2 === 0 && aligned(vector)) {
    const steps = wholes(windowPair, row / 2, [xSize[1]! * row, row, 0]);
    plans.push(make('pair', 'windows 2 wide and 2 apart: x and y are moved as vectors', steps));
  }
  if (twoWide && inner % vector === 0 && aligned(vector)) {
    const channel = inner / vector;
    const steps = wholes(windowPixel, ySize[2]!, [xSize[1]! * xSize[2]! * channel, xSize[2]! * channel, channel]);
    plans.push(make('pixel pair', 'channels last, windows 2 wide: vectors of channels', steps));
  }
  const words = !half && parts.every(({ at }) => at.y % 4 === 0 && (at.indices ?? 0) % 4 === 0);
  if (words && inner === 1 && ySize[2]! % 4 === 0) plans.push(make('row', 'channels first, four windows of a row at a time', rows()));
  if (!half && inner % 4 === 0 && aligned(4)) plans.push(make('pixel', 'channels last, vectors of channels', plain(4)));
  plans.push(make('plain', 'one window at a time', plain(1)));
  return plans;
}
