import window from '../../../shaders/pool/max.wgsl';
import windowPair from '../../../shaders/pool/max_pair.wgsl';
import windowRow from '../../../shaders/pool/max_row.wgsl';
import { type Adapter, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { checkBuffers, dispatches, slices } from '../slices.ts';
import type { Axes, MaxPoolCall } from './call.ts';
import { stepsOf } from './format.ts';
import { around, placeOf } from './place.ts';

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
      const each = width === 4 && inner % 8 === 0 ? 2 : 1;
      const count = (part.count * product(ySize) * inner) / width / each;
      return dispatches(
        {
          kernel: window,
          types: width === 4 ? { bits: 'vec4u', ranks: 'vec4i', LANES: 'vec4u(0u, 1u, 2u, 3u)' } : {},
          constants: { ...common, ...windows, WIDTH: width, LANES_EACH: each, HALF: Number(half), WHOLE: Number(whole) },
          params: {
            ...{ ...counting, x_size: xSize, y_size: ySize, inner: inner / width, pad, outer: part.first },
            ...{ x_at: part.at.x / width, y_at: half ? part.at.y / 2 : part.at.y / width, indices_at: (part.at.indices ?? 0) / width },
          },
          bind: bound(part),
          count: half ? Math.ceil(count / 2) : count,
          all: count,
        },
        adapter,
        mostOf(taps * width * each),
      );
    });
  const rows = (kernel: typeof windowRow) => {
    const pair = kernel === windowPair;
    const quads = pair && ySize[2]! % 8 === 0 ? 2 : 1;
    const { KW: _k, SW: _s, DW: _d, ...deep } = windows;
    return parts.flatMap((part) =>
      dispatches(
        {
          kernel,
          types: {},
          constants: { ...common, ...(pair ? { ...deep, QUADS: quads } : windows) },
          params: {
            ...counting,
            x_size: [xSize[0]!, xSize[1]!, pair ? xSize[2]! / 4 : xSize[2]!],
            y_size: [ySize[0]!, ySize[1]!, ySize[2]! / 4],
            ...(!pair && { pad }),
            ...{ outer: part.first, x_at: pair ? part.at.x / 4 : part.at.x, y_at: part.at.y / 4, indices_at: (part.at.indices ?? 0) / 4 },
          },
          bind: bound(part),
          count: (part.count * product(ySize)) / 4 / quads,
        },
        adapter,
        mostOf(taps * 4 * quads),
      ),
    );
  };

  const plans: Plan[] = [];
  const aligned = (name: 'x' | 'y' | 'indices') => parts.every((part) => (part.at[name] ?? 0) % 4 === 0);
  const stores = !half && aligned('y') && aligned('indices');
  if (stores && inner === 1 && ySize[2]! % 4 === 0) {
    const w = axes[2];
    if (whole && w.kernel === 2 && w.stride === 2 && w.dilation === 1 && xSize[2] === 2 * ySize[2]! && aligned('x'))
      plans.push(make('pair', 'windows 2 wide and 2 apart: x and y are moved as vectors', rows(windowPair)));
    plans.push(make('row', 'channels first, four windows of a row at a time', rows(windowRow)));
  }
  if (stores && inner % 4 === 0 && aligned('x')) plans.push(make('pixel', 'channels last, vectors of channels', plain(4)));
  plans.push(make('plain', 'one window at a time', plain(1)));
  return plans;
}
