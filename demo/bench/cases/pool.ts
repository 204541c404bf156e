import { type AnyCase, count, type Scale } from './case.ts';

export interface PoolCase extends AnyCase {
  readonly family: 'pool';
  /** `unpool` puts x where the maxima of `from` were; `maxGrad` and `unpoolGrad` are given `from` too. */
  readonly op: 'max' | 'maxIndices' | 'avg' | 'unpool' | 'maxGrad' | 'avgGrad' | 'unpoolGrad';
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** Whether a last window stands over the end. */
  readonly ceil: boolean;
  /** Shape of what is pooled. */
  readonly large: readonly number[];
}

interface Options {
  k?: number;
  s?: number;
  p?: number;
  ceil?: boolean;
  scale?: Scale;
  tag?: string;
  quick?: boolean;
  trend?: boolean;
}

const NAMES = {
  max: 'max pool',
  maxIndices: 'max pool + indices',
  avg: 'average pool',
  unpool: 'max unpool',
  maxGrad: 'max pool backward',
  avgGrad: 'average pool backward',
  unpoolGrad: 'max unpool backward',
};

/** One image, given by its large side. */
function row(
  op: PoolCase['op'],
  channels: number,
  size: readonly number[],
  { k = 2, s = k, p = 0, ceil = false, scale, tag, quick = false, trend }: Options = {},
): PoolCase {
  const large = [1, channels, ...size];
  // SegNet's 45 rows are 22 windows and a half: unpooled, they are cut from 23.
  const small = [1, channels, ...size.map((n) => Math[ceil ? 'ceil' : 'floor']((n + 2 * p - k) / s) + 1)];
  const shapes = {
    max: [{ x: large }, small],
    maxIndices: [{ x: large }, small],
    avg: [{ x: large }, small],
    unpool: [{ x: small, from: large }, large],
    maxGrad: [{ dy: small, from: large }, large],
    avgGrad: [{ dy: small }, large],
    unpoolGrad: [{ dy: large, from: large }, small],
  } as const;
  const [inputs, output] = shapes[op];
  const indices = op === 'max' || op.startsWith('avg') ? 0 : count(small);
  return {
    family: 'pool',
    name: [...(tag ? [tag] : []), NAMES[op], `k${k}s${s}${p ? `p${p}` : ''} ${channels}ch ${size.join('×')}`].join(' '),
    group: op.endsWith('Grad') ? 'pool backward' : op === 'unpool' ? 'unpool' : 'pool',
    filters: [],
    quick,
    inputs,
    output,
    bytes: 4 * (count(large) + count(small) + indices),
    words: indices,
    op,
    kernel: k,
    stride: s,
    padding: p,
    ceil,
    large,
    ...(scale && { scale }),
    ...(trend && { trend }),
  };
}

const square = (n: number) => [n, n];
const full = { scale: 'full' } as const;
const reduced = { scale: 'reduced' } as const;
const K3 = { k: 3, s: 2, p: 1 };

/** Encoders and decoders that pool, and their reduced forms. */
export const poolCases: readonly PoolCase[] = [
  row('max', 8, square(16), { tag: 'tiny', quick: true }),
  row('unpool', 8, square(16), { tag: 'tiny' }),
  row('max', 64, [180, 240], { tag: 'R15 (reduced)', ...reduced }),
  row('maxIndices', 64, [180, 240], { tag: 'R15 (reduced)', quick: true, ...reduced }),
  row('unpool', 64, [180, 240], { tag: 'R13 (reduced)', quick: true, trend: true, ...reduced }),
  row('unpool', 512, [45, 60], { ceil: true, tag: 'R14' }),
  row('maxGrad', 64, [180, 240], { tag: 'R15 (reduced)', quick: true, ...reduced }),
  row('unpoolGrad', 64, [180, 240], { tag: 'R13 (reduced)', ...reduced }),
  row('max', 64, square(112), { ...K3, tag: 'ResNet stem' }),
  row('maxIndices', 64, square(112), { ...K3, tag: 'ResNet stem' }),
  row('maxGrad', 64, square(112), { ...K3, tag: 'ResNet stem' }),
  row('avg', 64, square(128)),
  row('avg', 64, square(112), K3),
  row('avgGrad', 64, square(128)),

  row('unpool', 64, [360, 480], { tag: 'R13', quick: true, trend: true, ...full }),
  row('unpoolGrad', 64, [360, 480], { tag: 'R13', ...full }),
  row('maxIndices', 64, [360, 480], { tag: 'R15', quick: true, ...full }),
  row('max', 64, [360, 480], { tag: 'R15', ...full }),
  row('maxGrad', 64, [360, 480], { tag: 'R15', quick: true, ...full }),
  row('avg', 64, [360, 480], { ...full }),
  row('avgGrad', 64, [360, 480], { ...full }),
];
