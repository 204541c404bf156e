import { bedOfNails2d, bicubic2d, bilinear2d, interpolate, nearest2d, type Prepared, type Tensor } from '../../src/index.ts';
import * as cpu from '../../src/reference.ts';

/** How many times wider and higher the result is. */
export const SCALE = 4;

type Plain = { data: ArrayLike<number>; shape: readonly number[] };
type Ctx = Tensor['ctx'];

/** A way to enlarge that this library computes. */
interface Computed {
  readonly run: (x: Tensor) => Tensor;
  readonly prepare: (ctx: Ctx, shape: readonly number[]) => Promise<Prepared>;
  readonly reference: (x: Plain) => Plain;
  /** Function and options, as one writes them. */
  readonly call: readonly [name: string, options: string];
}

export interface Mode {
  readonly key: string;
  readonly name: string;
  /** Missing for the browser's own. */
  readonly computed?: Computed;
}

const scale = { scaleFactor: SCALE };
const nails = { stride: SCALE };
const lanczos = { mode: 'lanczos3', scaleFactor: SCALE } as const;

export const MODES: readonly Mode[] = [
  {
    key: 'nearest',
    name: 'Nearest',
    computed: {
      run: (x) => nearest2d(x, scale),
      prepare: (ctx, shape) => nearest2d.prepare(ctx, { shape, ...scale }),
      reference: (x) => cpu.nearest2d(x, scale),
      call: ['nearest2d', `{ scaleFactor: ${SCALE} }`],
    },
  },
  {
    key: 'nails',
    name: 'Bed of nails',
    computed: {
      run: (x) => bedOfNails2d(x, nails),
      prepare: (ctx, shape) => bedOfNails2d.prepare(ctx, { shape, ...nails }),
      reference: (x) => cpu.bedOfNails2d(x, nails),
      call: ['bedOfNails2d', `{ stride: ${SCALE} }`],
    },
  },
  {
    key: 'bilinear',
    name: 'Bilinear',
    computed: {
      run: (x) => bilinear2d(x, scale),
      prepare: (ctx, shape) => bilinear2d.prepare(ctx, { shape, ...scale }),
      reference: (x) => cpu.bilinear2d(x, scale),
      call: ['bilinear2d', `{ scaleFactor: ${SCALE} }`],
    },
  },
  {
    key: 'bicubic',
    name: 'Bicubic',
    computed: {
      run: (x) => bicubic2d(x, scale),
      prepare: (ctx, shape) => bicubic2d.prepare(ctx, { shape, ...scale }),
      reference: (x) => cpu.bicubic2d(x, scale),
      call: ['bicubic2d', `{ scaleFactor: ${SCALE} }`],
    },
  },
  {
    key: 'lanczos3',
    name: 'Lanczos 3',
    computed: {
      run: (x) => interpolate(x, lanczos),
      prepare: (ctx, shape) => interpolate.prepare(ctx, { shape, ...lanczos }),
      reference: (x) => cpu.interpolate(x, lanczos),
      call: ['interpolate', `{ mode: 'lanczos3', scaleFactor: ${SCALE} }`],
    },
  },
  { key: 'browser', name: 'Browser’s drawImage' },
];

/** The mode of a name, or the fallback for names from an address that there are not. */
export const modeOf = (key: string | null, fallback: string): Mode => MODES.find((m) => m.key === key) ?? MODES.find((m) => m.key === fallback)!;

/** The calls that the panel makes right now, as one writes them. */
export function codeOf(left: Mode, right: Mode, width: number, height: number): string {
  const calls = [left, right].map((m) => m.computed?.call);
  const names = [...new Set(calls.flatMap((c) => (c ? [c[0]] : [])))];
  const size = `${width * SCALE}, ${height * SCALE}`;
  const show = (side: string, call: Computed['call'] | undefined) =>
    call ? `toCanvas(${call[0]}(x, ${call[1]}), ${side})` : `${side}.getContext('2d').drawImage(picture, 0, 0, ${size})`;
  return [
    `import { ${['createContext', ...names].join(', ')} } from 'webgpu-upsample'`,
    `import { fromImage, toCanvas } from 'webgpu-upsample/image'`,
    '',
    'const ctx = await createContext()',
    `const x = fromImage(ctx, picture, { channels: 3 }) // [1, 3, ${height}, ${width}]`,
    `for (const canvas of [left, right]) [canvas.width, canvas.height] = [${size}]`,
    show('left', calls[0]),
    show('right', calls[1]),
  ].join('\n');
}
