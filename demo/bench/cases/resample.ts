import type { AnyCase } from './case.ts';

export interface ResampleCase extends AnyCase {
  readonly family: 'resample';
  readonly mode: 'nearest' | 'bilinear' | 'bicubic';
  /** Where samples lie, in ONNX's words. Nearest rounds down from `asymmetric`. */
  readonly rule: 'half_pixel' | 'align_corners' | 'asymmetric';
  readonly antialias: boolean;
  /** Whether the row is the transposed map: `x` is then the gradient of the forward output, and `output` the shape of the forward input. */
  readonly backward: boolean;
}

type Options = Partial<Pick<ResampleCase, 'rule' | 'antialias' | 'backward' | 'on' | 'quick'>> & { tag?: string };

/** One image of `channels`, from one size to another. */
function row(
  mode: ResampleCase['mode'],
  channels: number,
  from: readonly [number, number],
  to: readonly [number, number],
  { rule = mode === 'nearest' ? 'asymmetric' : 'half_pixel', antialias = false, backward = false, on, tag, quick = false }: Options = {},
): ResampleCase {
  const small = [1, channels, ...from];
  const large = [1, channels, ...to];
  const plain = rule === (mode === 'nearest' ? 'asymmetric' : 'half_pixel');
  const words = [
    ...(tag ? [tag] : []),
    mode,
    ...(backward ? ['backward'] : []),
    ...(antialias ? ['antialias'] : []),
    ...(plain ? [] : [rule]),
    `${channels}ch ${from.join('×')} ${backward ? '←' : '→'} ${to.join('×')}`,
  ];
  return {
    family: 'resample',
    name: words.join(' '),
    group: backward ? 'resample backward' : 'resample',
    filters: [],
    quick,
    inputs: { x: backward ? large : small },
    output: backward ? small : large,
    mode,
    rule,
    antialias,
    backward,
    ...(on && { on }),
  };
}

const square = (n: number) => [n, n] as const;
const gpu = 'gpu';
const software = 'software';

/** Three sizes and more of each mode that peers have too, everywhere; two that cost only the call; the shapes of real networks, and their reduced forms. */
export const resampleCases: readonly ResampleCase[] = [
  row('nearest', 64, square(64), square(128), { quick: true }),
  row('nearest', 256, square(40), square(80), { tag: 'R1' }),
  row('nearest', 3, square(128), square(512)),
  row('bilinear', 64, square(64), square(128), { quick: true }),
  row('bilinear', 256, square(40), square(80)),
  row('bilinear', 3, square(128), square(512), { quick: true }),
  row('bilinear', 21, square(65), square(257)),
  row('bilinear', 16, square(100), square(170)),
  row('bicubic', 3, square(128), square(512), { quick: true }),
  row('bicubic', 64, square(64), square(128)),
  row('bicubic', 16, square(100), square(170)),

  row('nearest', 4, square(8), square(16), { tag: 'tiny' }),
  row('bilinear', 4, square(8), square(16), { tag: 'tiny', quick: true }),

  row('nearest', 64, square(64), square(128), { backward: true, quick: true }),
  row('nearest', 3, square(128), square(512), { backward: true }),
  row('bilinear', 64, square(64), square(128), { backward: true, rule: 'asymmetric' }),
  row('bilinear', 64, square(64), square(128), { backward: true, rule: 'align_corners' }),
  row('bilinear', 21, square(65), square(257), { backward: true, rule: 'align_corners', quick: true }),
  row('bilinear', 64, square(64), square(128), { backward: true }),
  row('bicubic', 3, square(128), square(512), { backward: true }),

  row('nearest', 512, square(32), square(64), { tag: 'R2', on: software }),
  row('bilinear', 1, square(256), [540, 960], { tag: 'R3', on: software }),
  row('bilinear', 150, square(32), square(128), { tag: 'R5', on: software }),
  row('bilinear', 19, [32, 64], [256, 512], { tag: 'R6', on: software, quick: true }),
  row('bicubic', 3, [270, 480], [540, 960], { tag: 'R8', on: software }),
  row('bicubic', 3, [540, 960], [270, 480], { tag: 'R9', on: software, antialias: true }),

  row('nearest', 512, square(128), square(256), { tag: 'R2', on: gpu }),
  row('bilinear', 1, square(512), [1080, 1920], { tag: 'R3', on: gpu }),
  row('bilinear', 21, square(65), square(513), { tag: 'R4', on: gpu }),
  row('bilinear', 150, square(128), square(512), { tag: 'R5', on: gpu }),
  row('bilinear', 19, [128, 256], [1024, 2048], { tag: 'R6', on: gpu, quick: true }),
  row('bilinear', 19, [128, 256], [1024, 2048], { tag: 'R6', on: gpu, backward: true, rule: 'align_corners' }),
  row('bilinear', 256, square(64), square(128), { tag: 'R7', on: gpu }),
  row('bicubic', 3, [1080, 1920], [2160, 3840], { tag: 'R8', on: gpu, quick: true }),
  row('bicubic', 3, [2160, 3840], [1080, 1920], { tag: 'R9', on: gpu, antialias: true }),
];
