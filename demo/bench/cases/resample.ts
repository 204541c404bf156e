import type { AnyCase } from './case.ts';

export interface ResampleCase extends AnyCase {
  readonly family: 'resample';
  /** `linear`, `bilinear` and `trilinear` for one, two and three axes; `nails` is the bed of nails. */
  readonly mode: 'nearest' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'nails';
  /** Where samples lie, in ONNX's words. Nearest rounds down from `asymmetric`; so does the bed of nails, which takes no others. */
  readonly rule: 'half_pixel' | 'align_corners' | 'asymmetric';
  readonly antialias: boolean;
  /** Whether the row is the transposed map: `x` is then the gradient of the forward output, and `output` the shape of the forward input. */
  readonly backward: boolean;
}

type Options = Partial<Pick<ResampleCase, 'rule' | 'antialias' | 'backward' | 'scale' | 'quick' | 'trend'>> & { tag?: string };
type Size = readonly number[];

const ruleOf = (mode: ResampleCase['mode']) => (mode === 'nearest' || mode === 'nails' ? 'asymmetric' : 'half_pixel');

/** One image of `channels`, from one size to another. */
function row(
  mode: ResampleCase['mode'],
  channels: number,
  from: Size,
  to: Size,
  { rule = ruleOf(mode), antialias = false, backward = false, scale, tag, quick = false, trend }: Options = {},
): ResampleCase {
  const small = [1, channels, ...from];
  const large = [1, channels, ...to];
  const words = [
    ...(tag ? [tag] : []),
    mode === 'nails' ? 'bed of nails' : mode,
    ...(backward ? ['backward'] : []),
    ...(antialias ? ['antialias'] : []),
    ...(rule === ruleOf(mode) ? [] : [rule]),
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
    ...(scale && { scale }),
    ...(trend && { trend }),
  };
}

const square = (n: number) => [n, n];
const cube = (n: number) => [n, n, n];
const full = { scale: 'full' } as const;
const reduced = { scale: 'reduced' } as const;
const backward = { backward: true } as const;
const corners = { rule: 'align_corners' } as const;
const trend = { trend: true } as const;
const quick = { quick: true } as const;

/** Sizes of each mode that peers have too, everywhere; two that cost only the call; layers of real networks (R1 to R16), and their reduced forms. */
export const resampleCases: readonly ResampleCase[] = [
  row('nearest', 64, square(64), square(128), { ...quick }),
  row('nearest', 256, square(40), square(80), { tag: 'R1' }),
  row('nearest', 3, square(128), square(512)),
  row('bilinear', 64, square(64), square(128), { ...quick, ...trend }),
  row('bilinear', 256, square(40), square(80)),
  row('bilinear', 3, square(128), square(512), { ...quick }),
  row('bilinear', 21, square(65), square(257)),
  row('bilinear', 16, square(100), square(170)),
  row('bilinear', 16, square(170), square(102)),
  row('bilinear', 4, square(128), square(256), { ...corners }),
  row('bicubic', 3, square(128), square(512), { ...quick, ...trend }),
  row('bicubic', 64, square(64), square(128)),
  row('bicubic', 16, square(100), square(170)),

  row('nearest', 4, square(8), square(16), { tag: 'tiny' }),
  row('bilinear', 4, square(8), square(16), { tag: 'tiny', ...quick }),

  row('nearest', 64, square(64), square(128), { ...backward, ...quick }),
  row('nearest', 64, square(32), square(128), { ...backward }),
  row('nearest', 64, square(16), square(128), { ...backward }),
  row('nearest', 3, square(128), square(512), { ...backward }),
  row('bilinear', 64, square(64), square(128), { ...backward, rule: 'asymmetric' }),
  row('bilinear', 64, square(64), square(128), { ...backward, ...corners, ...trend }),
  row('bilinear', 64, square(32), square(128), { ...backward, ...corners }),
  row('bilinear', 64, square(16), square(128), { ...backward, ...corners }),
  row('bilinear', 21, square(65), square(257), { ...backward, ...corners, ...quick }),
  row('bilinear', 64, square(64), square(128), { ...backward }),
  row('bicubic', 64, square(64), square(128), { ...backward }),
  row('bicubic', 3, square(128), square(512), { ...backward }),
  row('bicubic', 64, square(16), square(128), { ...backward }),

  row('nearest', 512, square(32), square(64), { tag: 'R2', ...reduced }),
  row('bilinear', 1, square(256), [540, 960], { tag: 'R3', ...reduced }),
  row('bilinear', 150, square(32), square(128), { tag: 'R5', ...reduced }),
  row('bilinear', 19, [32, 64], [256, 512], { tag: 'R6', ...reduced, ...quick }),
  row('bicubic', 3, [270, 480], [540, 960], { tag: 'R8', ...reduced }),
  row('bicubic', 3, [540, 960], [270, 480], { tag: 'R9', ...reduced, antialias: true }),
  row('nails', 64, square(64), square(128), { tag: 'R12', ...reduced }),
  row('nails', 64, square(64), square(128), { tag: 'R12', ...reduced, ...backward }),
  row('trilinear', 32, cube(16), cube(32), { tag: 'R16', ...reduced }),
  row('trilinear', 32, cube(16), cube(32), { tag: 'R16', ...reduced, ...backward }),
  row('linear', 80, [22050], [44100], { tag: 'audio' }),
  row('linear', 80, [22050], [44100], { tag: 'audio', ...backward }),

  row('nearest', 512, square(128), square(256), { tag: 'R2', ...full }),
  row('nearest', 512, square(128), square(256), { tag: 'R2', ...full, ...backward }),
  row('bilinear', 1, square(512), [1080, 1920], { tag: 'R3', ...full }),
  row('bilinear', 21, square(65), square(513), { tag: 'R4', ...full }),
  row('bilinear', 21, square(65), square(513), { tag: 'R4', ...full, ...backward, ...corners }),
  row('bilinear', 150, square(128), square(512), { tag: 'R5', ...full }),
  row('bilinear', 19, [128, 256], [1024, 2048], { tag: 'R6', ...full, ...quick, ...trend }),
  row('bilinear', 19, [128, 256], [1024, 2048], { tag: 'R6', ...full, ...backward, ...corners, ...quick, ...trend }),
  row('bilinear', 256, square(64), square(128), { tag: 'R7', ...full }),
  row('bicubic', 3, [1080, 1920], [2160, 3840], { tag: 'R8', ...full, ...quick, ...trend }),
  row('bicubic', 3, [1080, 1920], [2160, 3840], { tag: 'R8', ...full, ...backward }),
  row('bicubic', 3, [2160, 3840], [1080, 1920], { tag: 'R9', ...full, antialias: true }),
  row('nails', 64, square(128), square(256), { tag: 'R12', ...full }),
  row('nails', 64, square(128), square(256), { tag: 'R12', ...full, ...backward }),
  row('trilinear', 32, cube(64), cube(128), { tag: 'R16', ...full }),
  row('trilinear', 32, cube(64), cube(128), { tag: 'R16', ...full, ...backward }),
];
