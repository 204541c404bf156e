// Six ways to make one set of maps twice as large, with random weights.
import type { ConvOptions, ConvTransposeOptions, IcnrOptions, PixelShuffleOptions, ResizeConvOptions, Smooth2dOptions } from '../../src/index.ts';
import type { Plain } from '../../src/reference.ts';

const CHANNELS = 8;
const COARSE = 8;
/** A side of the maps, and of the pictures. */
const MAP = 32;
export const SIDE = 2 * MAP;

/** The functions that are used, of webgpu-upsample or of webgpu-upsample/reference. */
export interface Library<T> {
  bicubic2d(x: T, options: Smooth2dOptions): T;
  conv2d(x: T, w: T, options: ConvOptions): T;
  conv2dBackward(dy: T, x: T, w: T, options: ConvOptions & { gradients: readonly 'dx'[] }): { dx: T };
  convTranspose2d(x: T, w: T, options: ConvTransposeOptions): T;
  pixelShuffle(x: T, options: PixelShuffleOptions): T;
  resizeConv2d(x: T, w: T, options: ResizeConvOptions): T;
}

export const NAMES = [
  'Transposed, kernel 3',
  'Transposed, kernel 4',
  'Nearest, then conv',
  'Pixel shuffle',
  'Pixel shuffle, ICNR',
  'Gradient of conv2d',
] as const;

/** Random numbers from a seed: mulberry32. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(seed: number): (shape: readonly number[]) => number[] {
  const next = uniform(seed);
  const one = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return (shape) => Array.from({ length: shape.reduce((a, b) => a * b, 1) }, one);
}

/** One noise for all, not negative as after relu, and weights that the seed chooses.
 * @param icnr of the library */
export function inputsOf(seed: number, icnr: (shape: readonly number[], options: IcnrOptions) => ArrayLike<number>) {
  const draw = normal(seed);
  const noise = uniform(20);
  const z = [1, CHANNELS, COARSE, COARSE];
  const weights = (shape: readonly number[]): Plain => ({ data: draw(shape), shape });
  const many = [4, CHANNELS, 3, 3];
  return {
    z: { data: Array.from({ length: CHANNELS * COARSE ** 2 }, noise), shape: z },
    k3: weights([CHANNELS, 1, 3, 3]),
    k4: weights([CHANNELS, 1, 4, 4]),
    one: weights([1, CHANNELS, 3, 3]),
    four: weights(many),
    alike: { data: icnr(many, { upscaleFactor: 2, draw }), shape: many },
    large: { data: new Float32Array(SIDE ** 2), shape: [1, 1, SIDE, SIDE] },
  } satisfies Record<string, Plain>;
}

/** The pictures, in the order of their names. The last is the gradient of a strided convolution's input, where the maps are the gradient of its result. */
export function pictures<T>(library: Library<T>, { z, k3, k4, one, four, alike, large }: Record<keyof ReturnType<typeof inputsOf>, T>): T[] {
  const { bicubic2d, conv2d, conv2dBackward, convTranspose2d, pixelShuffle, resizeConv2d } = library;
  const h = bicubic2d(z, { scaleFactor: MAP / COARSE });
  return [
    convTranspose2d(h, k3, { stride: 2, padding: 1, outputPadding: 1 }),
    convTranspose2d(h, k4, { stride: 2, padding: 1 }),
    resizeConv2d(h, one, { scaleFactor: 2, padding: 1 }),
    pixelShuffle(conv2d(h, four, { padding: 1 }), { upscaleFactor: 2 }),
    pixelShuffle(conv2d(h, alike, { padding: 1 }), { upscaleFactor: 2 }),
    conv2dBackward(h, large, k3, { stride: 2, padding: 1, gradients: ['dx'] }).dx,
  ];
}

/** The calls as one writes them, with other random numbers. */
export const CODE = [
  'const random = (...shape) => ctx.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.random() - 0.5), shape)',
  `const z = ctx.tensor(Float32Array.from({ length: ${CHANNELS * COARSE ** 2} }, Math.random), [1, ${CHANNELS}, ${COARSE}, ${COARSE}])`,
  `const h = bicubic2d(z, { scaleFactor: ${MAP / COARSE} })`,
  `const k3 = random(${CHANNELS}, 1, 3, 3)`,
  'const uneven = convTranspose2d(h, k3, { stride: 2, padding: 1, outputPadding: 1 })',
  `const even = convTranspose2d(h, random(${CHANNELS}, 1, 4, 4), { stride: 2, padding: 1 })`,
  `const resized = resizeConv2d(h, random(1, ${CHANNELS}, 3, 3), { scaleFactor: 2, padding: 1 })`,
  `const shuffled = pixelShuffle(conv2d(h, random(4, ${CHANNELS}, 3, 3), { padding: 1 }), { upscaleFactor: 2 })`,
  `const pictureOfDx = conv2dBackward(h, random(1, 1, ${SIDE}, ${SIDE}), k3, { stride: 2, padding: 1, gradients: ['dx'] }).dx // uneven again`,
] as const;
