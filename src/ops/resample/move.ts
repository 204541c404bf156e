import move from '../../../shaders/resample/move.wgsl';
import moveHalf from '../../../shaders/resample/move_half.wgsl';
import moveRow from '../../../shaders/resample/move_row.wgsl';
import stretch from '../../../shaders/resample/stretch.wgsl';
import { toHalf } from '../../half.ts';
import { type Adapter, BYTES, type Plan, product } from '../../plan.ts';
import { dispatches, type Slice, type Work } from '../slices.ts';
import { type Box, foldInner, outSize, partsOf, threeAxes, triple } from './box.ts';
import type { ResampleCall } from './call.ts';
import { indices, join, type Packed, wholeScale } from './pack.ts';

/** Words of a row up to which channels are folded into its index table. */
const WIDEST_FOLD = 2 ** 16;

/** The fill value as a word, as the dtype has it; halves twice. */
function fillBits({ x: { dtype }, fill }: ResampleCall): number {
  if (dtype === 'f16') return toHalf([fill])[0]! * 0x10001;
  return dtype === 'f32' ? new Uint32Array(Float32Array.of(fill).buffer)[0]! : fill >>> 0;
}

/** Completes a plan. */
export type Make = (name: string, why: string, steps: Plan['steps'], tables: Readonly<Record<string, Packed>>, scratch?: Plan['scratch']) => Plan;

/** Plans of maps that copy bits along three axes at most: nearest, bed of nails, strided slices. */
export function movePlans(call: ResampleCall, box: Box, adapter: Adapter, make: Make): Plan[] {
  const { outer, inner, axes } = threeAxes(box, call, adapter);
  const width = BYTES[call.x.dtype];
  const fill = fillBits(call);
  const xSize = triple(axes, (r) => r.inSize);
  const ySize = triple(axes, outSize);
  const parts = partsOf(call, outer, product(xSize) * inner, product(ySize) * inner, adapter);
  const plans: Plan[] = [];
  const { table, work } = plainMove(call, { outer, inner, axes });
  const plain = (bytes: number) => parts.flatMap((s) => dispatches(work(bytes)(s), adapter));

  const aligned = (bytes: number) => parts.every((s) => (s.at.x * width) % bytes === 0 && (s.at.y * width) % bytes === 0);
  /** A map of whole scale factors, by rows that are vectors of `each` elements. */
  const stretched = (row: Box['axes'], each: 4 | 8, unit: number) => {
    const scaled = wholeScale(row);
    if (!scaled || fill !== 0 || !scaled.scale.some((s) => s > 1)) return;
    const [SD = 1, SH = 1, SW = 1] = scaled.scale;
    const [OD = 0, OH = 0, OW = 0] = scaled.offset;
    const x_size = triple(row, (r) => r.inSize);
    const blocks = outSize(row[2]!) / each;
    const steps = parts.flatMap((s) =>
      dispatches(
        {
          kernel: stretch,
          types: {},
          constants: { SD, SH, SW, NAILS: Number(scaled.nails), HALF: Number(each === 8), OD, OH, OW },
          params: { x_size, blocks, x_at: s.at.x / unit, y_at: s.at.y / unit / each },
          bind: s.bind,
          count: s.count * ySize[0] * x_size[1] * blocks,
        },
        adapter,
      ),
    );
    plans.push(make('stretch', 'whole scale factors: one vector serves all rows that stem from it, without tables', steps, {}));
  };
  // Pairs of 2-byte elements that stay together are words.
  const unit = 4 / width;
  const inWords = inner % unit === 0 && aligned(4);
  const rowWords = (ySize[2] * inner) / unit;
  if (inWords && rowWords % 4 === 0 && rowWords <= WIDEST_FOLD && parts.every((s) => (s.at.y / unit) % 4 === 0)) {
    const row = inner === unit ? axes : foldInner({ outer, inner: inner / unit, axes }).axes;
    const x_size = triple(row, (r) => r.inSize);
    const y_size = triple(row, outSize);
    const vectors = y_size[2] / 4;
    stretched(row, 4, unit);
    const table = join(row.map((r) => indices(r, 4)));
    const rows = Math.ceil(y_size[1] / 4);
    const steps = parts.flatMap((s) =>
      dispatches(
        {
          kernel: moveRow,
          types: {},
          constants: {},
          params: {
            ...{ x_size, y_size, parts: table.at.map((n) => n / 4), x_at: s.at.x / unit },
            ...{ blocks: [vectors, rows], y_at: s.at.y / unit / 4, fill },
          },
          bind: { ...s.bind, table: 'table' },
          count: s.count * y_size[0] * rows * vectors,
        },
        adapter,
      ),
    );
    plans.push(make('move_row', 'vectors along the row, whatever lies in it, and a row that repeats is read once', steps, { table }));
  }
  if (width === 2 && inner === 1 && ySize[2] % 8 === 0 && parts.every((s) => s.at.y % 8 === 0)) stretched(axes, 8, 1);
  if (aligned(16) && (inner * width) % 16 === 0) {
    const vectors = make('move vec4', 'channels last: 16 bytes of channels at a time', plain(16), { table });
    // On a CPU index arithmetic costs more than loads, and move_row has less of it.
    if (adapter.software) plans.push(vectors);
    else plans.unshift(vectors);
  }
  if (aligned(4) && (inner * width) % 4 === 0) plans.push(make('move', 'the plain copy, a word at a time', plain(4), { table }));
  else plans.push(make('move_half', 'the plain copy of 2-byte elements, a pair at a time', plain(2), { table }));
  return plans;
}

/** The plain copy in units of 16, 4 or 2 bytes. */
export function plainMove(call: ResampleCall, { inner, axes }: Box): { table: Packed; work: (bytes: number) => (s: Slice<'x' | 'y'>) => Work } {
  const width = BYTES[call.x.dtype];
  const fill = fillBits(call);
  const xSize = triple(axes, (r) => r.inSize);
  const ySize = triple(axes, outSize);
  const table = join(axes.map((r) => indices(r)));
  const work = (bytes: number) => (s: Slice<'x' | 'y'>) => {
    const half = bytes === 2;
    const per = (elements: number) => (elements * width) / bytes;
    const params = {
      x_size: xSize,
      inner: per(inner),
      y_size: ySize,
      parts: table.at,
      x_at: per(s.at.x),
      y_at: half ? s.at.y / 2 : per(s.at.y),
      fill: half ? fill & 0xffff : fill,
    };
    const count = s.count * product(ySize) * per(inner);
    return {
      kernel: half ? moveHalf : move,
      types: half ? {} : { word: bytes === 16 ? 'vec4<u32>' : 'u32' },
      constants: {},
      params,
      bind: { ...s.bind, table: 'table' },
      count: half ? Math.ceil(count / 2) : count,
    };
  };
  return { table, work };
}
