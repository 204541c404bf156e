import type { AnyCase } from './case.ts';

export interface ShuffleCase extends AnyCase {
  readonly family: 'shuffle';
  readonly order: 'CRD' | 'DCR';
  readonly factor: number;
  /** Whether cells of space become channels. */
  readonly unshuffle: boolean;
}

type Options = Partial<Pick<ShuffleCase, 'order' | 'unshuffle' | 'quick' | 'scale'>> & { tag?: string };

/** One image, given by its deep side: channels beside the small plane. */
function row(channels: number, size: readonly number[], factor: number, options: Options = {}): ShuffleCase {
  const { order = 'DCR', unshuffle = false, quick = false, scale, tag } = options;
  const deep = [1, channels, ...size];
  const wide = [1, channels / factor ** size.length, ...size.map((n) => n * factor)];
  const [from, to] = unshuffle ? [wide, deep] : [deep, wide];
  const say = ([, c, ...rest]: readonly number[]) => `${c}ch ${rest.join('×')}`;
  return {
    family: 'shuffle',
    name: [...(tag ? [tag] : []), unshuffle ? 'pixel unshuffle' : 'pixel shuffle', order, `${say(from)} → ${say(to)}`].join(' '),
    group: 'shuffle',
    filters: [],
    quick,
    inputs: { x: from },
    output: to,
    order,
    factor,
    unshuffle,
    ...(scale && { scale }),
  };
}

const full = { scale: 'full' } as const;
const reduced = { scale: 'reduced' } as const;
const crd = { order: 'CRD' } as const;
const unshuffle = { unshuffle: true } as const;

/** Tails of super-resolution networks, and their reduced forms. */
export const shuffleCases: readonly ShuffleCase[] = [
  row(16, [8, 8], 2, { tag: 'tiny', quick: true }),
  row(16, [8, 8], 2, { ...crd, tag: 'tiny' }),
  row(64, [90, 160], 2, { tag: 'R10 (reduced)', quick: true, ...reduced }),
  row(64, [90, 160], 2, { ...crd, tag: 'R10 (reduced)', ...reduced }),
  row(48, [68, 120], 4, { tag: 'R11 (reduced)', quick: true, ...reduced }),
  row(48, [68, 120], 4, { ...crd, tag: 'R11 (reduced)', ...reduced }),
  row(27, [61, 83], 3),
  row(27, [61, 83], 3, crd),
  row(12, [64, 64], 2),
  row(64, [90, 160], 2, { ...unshuffle, tag: 'R10 (reduced)', ...reduced }),
  row(64, [90, 160], 2, { ...unshuffle, ...crd, tag: 'R10 (reduced)', ...reduced }),
  row(48, [68, 120], 4, { ...unshuffle, tag: 'R11 (reduced)', ...reduced }),
  row(48, [68, 120], 4, { ...unshuffle, ...crd, tag: 'R11 (reduced)', ...reduced }),
  row(64, [8192], 4, crd),
  row(64, [16, 20, 24], 2, crd),

  row(256, [360, 640], 2, { tag: 'R10', quick: true, ...full }),
  row(256, [360, 640], 2, { ...crd, tag: 'R10', ...full }),
  row(48, [270, 480], 4, { tag: 'R11', ...full }),
  row(48, [270, 480], 4, { ...crd, tag: 'R11', ...full }),
  row(256, [360, 640], 2, { ...unshuffle, tag: 'R10', ...full }),
  row(48, [270, 480], 4, { ...unshuffle, tag: 'R11', ...full }),
];
