import type { AnyCase, Scale, Shape } from './case.ts';

export interface ConvCase extends AnyCase {
  readonly family: 'conv';
  /** The map that the row is about; `resizeConv` is nearest enlargement by `stride`, then a convolution with stride 1. */
  readonly op: 'conv' | 'convTranspose' | 'resizeConv';
  /** What is computed: the map's result, or a gradient. */
  readonly of: 'y' | 'dx' | 'dw';
  /** Shapes of the forward call. */
  readonly x: Shape;
  readonly y: Shape;
  /** [outChannels, C/groups, ...kernel], transposed [C, outChannels/groups, ...kernel]. */
  readonly w: Shape;
  /** One number a spatial axis. */
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

type PerAxis = number | readonly number[];
interface Options {
  /** Kernel, stride, padding, output padding and dilation: one number for all axes, or one an axis. */
  k: PerAxis;
  s?: PerAxis;
  p?: PerAxis;
  op?: PerAxis;
  d?: PerAxis;
  g?: number;
  n?: number;
  quick?: boolean;
  trend?: boolean;
  scale?: Scale;
}

const GROUPS = { conv: 'conv', convTranspose: 'convT', resizeConv: 'resizeConv' } as const;

/** A row for the layer `tag`: channels in and out, and the spatial size of x. */
const rowOf =
  (op: ConvCase['op'], of: ConvCase['of']) =>
  (tag: string, [from, to]: readonly [number, number], size: readonly number[], options: Options): ConvCase => {
    const { k, s = 1, p = 0, op: extra = 0, d = 1, g = 1, n = 1, quick = false, trend, scale = tag.endsWith('(reduced)') ? 'reduced' : undefined } = options;
    const per = (value: PerAxis) => (typeof value === 'number' ? size.map(() => value) : value);
    const [kernel, stride, padding, outputPadding, dilation] = [per(k), per(s), per(p), per(extra), per(d)];
    const result = size.map((length, i) => {
      const [si, pi] = [stride[i]!, padding[i]!];
      const ki = dilation[i]! * (kernel[i]! - 1) + 1;
      if (op === 'convTranspose') return (length - 1) * si - 2 * pi + ki + outputPadding[i]!;
      return op === 'conv' ? Math.floor((length + 2 * pi - ki) / si) + 1 : length * si + 2 * pi - ki + 1;
    });
    const x = [n, from, ...size];
    const y = [n, to, ...result];
    const w = op === 'convTranspose' ? [from, to / g, ...kernel] : [to, from / g, ...kernel];
    const group = of === 'y' ? GROUPS[op] : `${GROUPS[op]} ${of}`;
    const say = (value: PerAxis) => [...new Set(per(value))].join(',');
    const words = [
      group,
      tag,
      ...(n > 1 ? [`N${n}`] : []),
      `${from}→${to} ${[...new Set(size)].join('×')}${size.length > 1 && new Set(size).size === 1 ? (size.length === 2 ? '²' : '³') : ''}`,
      `k${say(k)}s${say(s)}p${say(p)}${per(extra).some(Boolean) ? `op${say(extra)}` : ''}${dilation.some((one) => one > 1) ? `d${say(d)}` : ''}${g > 1 ? `g${g}` : ''}`,
    ];
    const parts = { y: { x, w }, dx: { dy: y, w }, dw: { dy: y, x } };
    return {
      family: 'conv',
      name: words.join(' '),
      group,
      inputs: parts[of],
      output: { y, dx: x, dw: w }[of],
      filters: of === 'dw' ? ['output'] : ['w'],
      op,
      of,
      ...{ x, y, w, stride, padding, outputPadding, dilation, groups: g, quick },
      ...(scale && { scale }),
      ...(trend && { trend }),
    };
  };

const convT = rowOf('convTranspose', 'y');
const convTdx = rowOf('convTranspose', 'dx');
const convTdw = rowOf('convTranspose', 'dw');
const conv = rowOf('conv', 'y');
const convDx = rowOf('conv', 'dx');
const convDw = rowOf('conv', 'dw');
const resizeConv = rowOf('resizeConv', 'y');

const square = (n: number) => [n, n];
const cube = (n: number) => [n, n, n];
const K4S2 = { k: 4, s: 2, p: 1 };
const K2S2 = { k: 2, s: 2 };
const K3S2 = { k: 3, s: 2, p: 1, op: 1 };
const K3 = { k: 3, p: 1 };

/** Rows for every adapter, and layers of real networks '(reduced)' to fewer channels or pixels, so that a software adapter runs them in a fraction of a
 * second; kernel, stride and padding are theirs. */
const small: readonly ConvCase[] = [
  convT('tiny', [4, 4], square(8), K4S2),
  convT('DCGAN', [512, 256], square(8), { ...K4S2, quick: true, trend: true }),
  convT('DCGAN', [256, 128], square(16), K4S2),
  convT('DCGAN', [64, 3], square(32), { ...K4S2, quick: true, trend: true }),
  convT('U-Net', [128, 64], square(64), { ...K2S2, trend: true }),
  convT('FCN', [21, 21], square(8), { k: 64, s: 32 }),

  convT('DCGAN G1', [100, 512], square(1), { k: 4, n: 64 }),
  convT('DCGAN G2 (reduced)', [256, 128], square(4), { ...K4S2, n: 4 }),
  convT('DCGAN G3 (reduced)', [128, 64], square(8), { ...K4S2, n: 4 }),
  convT('DCGAN G4 (reduced)', [64, 32], square(16), { ...K4S2, n: 4 }),
  convT('DCGAN G5 (reduced)', [64, 3], square(32), { ...K4S2, n: 8 }),
  convT('FCN-32s (reduced)', [21, 21], square(4), { k: 64, s: 32 }),
  convT('FCN-16s (reduced)', [21, 21], square(8), { k: 32, s: 16 }),
  convT('FCN-8s (reduced)', [21, 21], square(16), { k: 16, s: 8, quick: true }),
  convT('FCN-8s upscore2', [21, 21], square(16), { k: 4, s: 2 }),
  convT('FCN-32s depthwise (reduced)', [21, 21], square(4), { k: 64, s: 32, g: 21 }),
  convT('U-Net up1 (reduced)', [256, 128], square(14), K2S2),
  convT('U-Net up2 (reduced)', [128, 64], square(26), K2S2),
  convT('U-Net up3 (reduced)', [64, 32], square(50), { ...K2S2, quick: true }),
  convT('U-Net up4 (reduced)', [32, 16], square(98), K2S2),
  convT('pix2pix d3 (reduced)', [512, 256], square(4), K4S2),
  convT('pix2pix d5 (reduced)', [512, 128], square(8), K4S2),
  convT('pix2pix d7 (reduced)', [128, 32], square(20), K4S2),
  convT('pix2pix d8 (reduced)', [128, 3], square(64), K4S2),
  convT('CycleGAN (reduced)', [64, 32], square(40), K3S2),
  convT('k5s2 (reduced)', [64, 64], square(16), { k: 5, s: 2, p: 2, op: 1 }),
  convT('FSRCNN (reduced)', [56, 1], square(72), { k: 9, s: 4, p: 4, op: 3, quick: true }),
  convT('HiFi-GAN u1 (reduced)', [256, 128], [48], { k: 16, s: 8, p: 4, quick: true }),
  convT('HiFi-GAN u2 (reduced)', [128, 64], [192], { k: 16, s: 8, p: 4 }),
  convT('HiFi-GAN u3 (reduced)', [64, 32], [3072], K4S2),
  convT('HiFi-GAN u4 (reduced)', [32, 16], [16384], K4S2),
  convT('iSTFT (reduced)', [130, 1], [43], { k: 4096, s: 1024 }),
  convT('nnU-Net (reduced)', [80, 80], cube(8), K2S2),
  convT('nnU-Net (reduced)', [64, 32], cube(12), { ...K2S2, quick: true }),
  convT('nnU-Net (reduced)', [32, 16], cube(16), K2S2),
  convT('depthwise', [256, 256], square(64), { ...K4S2, g: 256 }),
  convT('groups', [256, 256], square(10), { ...K4S2, g: 4 }),
  convT('selfie head', [16, 1], square(128), K2S2),
  convT('dilated', [32, 32], square(24), { k: 3, s: 2, p: 2, d: 2, op: 1 }),
  convT('stride 1', [48, 48], square(32), K3),
  convT('odd', [21, 50], [33, 65], K4S2),
  convT('odd', [3, 21], [33, 65], K3S2),

  convTdx('DCGAN', [512, 256], square(8), K4S2),
  convTdx('DCGAN', [64, 3], square(32), K4S2),
  convTdx('U-Net (reduced)', [128, 64], square(28), K2S2),
  convTdx('pix2pix d7 (reduced)', [128, 32], square(20), { ...K4S2, quick: true }),
  convTdx('CycleGAN (reduced)', [64, 32], square(40), K3S2),
  convTdx('FCN-8s (reduced)', [21, 21], square(16), { k: 16, s: 8 }),
  convTdx('HiFi-GAN u2 (reduced)', [128, 64], [192], { k: 16, s: 8, p: 4 }),
  convTdx('nnU-Net (reduced)', [64, 32], cube(12), K2S2),

  convTdw('DCGAN G3 (reduced)', [256, 128], square(8), K4S2),
  convTdw('DCGAN G5 (reduced)', [64, 3], square(32), { ...K4S2, n: 4 }),
  convTdw('U-Net (reduced)', [128, 64], square(28), K2S2),
  convTdw('pix2pix d7 (reduced)', [128, 32], square(20), { ...K4S2, quick: true }),
  convTdw('CycleGAN (reduced)', [64, 32], square(40), K3S2),
  convTdw('FCN-8s (reduced)', [21, 21], square(16), { k: 16, s: 8 }),
  convTdw('HiFi-GAN u2 (reduced)', [128, 64], [192], { k: 16, s: 8, p: 4 }),
  convTdw('nnU-Net (reduced)', [64, 32], cube(12), K2S2),
  convTdw('depthwise', [256, 256], square(64), { ...K4S2, g: 256 }),

  conv('tiny', [4, 4], square(8), K3),
  conv('ResNet', [64, 64], square(64), K3),
  conv('ResNet (reduced)', [128, 128], square(14), { ...K3, quick: true }),
  conv('ResNet down (reduced)', [64, 128], square(32), { k: 3, s: 2, p: 1 }),
  conv('ResNet stem', [3, 64], square(128), { k: 7, s: 2, p: 3 }),
  conv('1×1', [256, 256], square(20), { k: 1 }),
  conv('head', [64, 3], square(128), K3),
  conv('pix2pix e (reduced)', [32, 64], square(64), K4S2),
  conv('depthwise', [128, 128], square(64), { ...K3, g: 128 }),
  conv('HiFi-GAN block (reduced)', [128, 128], [512], { k: 7, p: 3 }),
  conv('nnU-Net (reduced)', [32, 32], cube(10), K3),
  conv('dilated', [32, 32], square(48), { k: 3, p: 2, d: 2 }),
  conv('EDSR tail (reduced)', [64, 256], [18, 32], K3),
  conv('ESPCN tail (reduced)', [32, 48], [54, 96], K3),

  convDx('ResNet (reduced)', [128, 128], square(14), { ...K3, quick: true }),
  convDx('ResNet down (reduced)', [64, 128], square(32), { k: 3, s: 2, p: 1 }),
  convDx('pix2pix e (reduced)', [32, 64], square(64), K4S2),

  convDw('ResNet (reduced)', [64, 64], square(28), { ...K3, quick: true }),
  convDw('ResNet (reduced)', [128, 128], square(14), K3),
  convDw('ResNet down (reduced)', [64, 128], square(32), { k: 3, s: 2, p: 1 }),
  convDw('ResNet stem', [3, 64], square(128), { k: 7, s: 2, p: 3 }),
  convDw('1×1', [256, 256], square(20), { k: 1 }),
  convDw('depthwise', [128, 128], square(64), { ...K3, g: 128 }),

  resizeConv('SD-VAE up0 (reduced)', [64, 64], square(16), { ...K3, s: 2 }),
  resizeConv('SD-VAE up2 (reduced)', [32, 32], square(32), { ...K3, s: 2, quick: true }),
  resizeConv('ESRGAN (reduced)', [32, 32], [30, 40], { ...K3, s: 2 }),
  resizeConv('×4', [32, 32], square(16), { ...K3, s: 4 }),
  resizeConv('head', [32, 3], square(64), { ...K3, s: 2 }),
];

/** The same layers at their own sizes, for GPUs, and gradients of them. */
const large: readonly ConvCase[] = [
  convT('DCGAN G2', [512, 256], square(4), { ...K4S2, n: 64 }),
  convT('DCGAN G3', [256, 128], square(8), { ...K4S2, n: 64 }),
  convT('DCGAN G4', [128, 64], square(16), { ...K4S2, n: 64, quick: true, trend: true }),
  convT('DCGAN G5', [64, 3], square(32), { ...K4S2, n: 64, quick: true }),
  convT('FCN-32s', [21, 21], square(16), { k: 64, s: 32 }),
  convT('FCN-16s', [21, 21], square(34), { k: 32, s: 16 }),
  convT('FCN-8s', [21, 21], square(70), { k: 16, s: 8 }),
  convT('FCN-32s depthwise', [21, 21], square(16), { k: 64, s: 32, g: 21 }),
  convT('U-Net up1', [1024, 512], square(28), K2S2),
  convT('U-Net up2', [512, 256], square(52), { ...K2S2, quick: true, trend: true }),
  convT('U-Net up3', [256, 128], square(100), K2S2),
  convT('U-Net up4', [128, 64], square(196), K2S2),
  convT('pix2pix d3', [1024, 512], square(4), K4S2),
  convT('pix2pix d5', [1024, 256], square(16), K4S2),
  convT('pix2pix d6', [512, 128], square(32), K4S2),
  convT('pix2pix d7', [256, 64], square(64), { ...K4S2, trend: true }),
  convT('pix2pix d8', [128, 3], square(128), K4S2),
  convT('CycleGAN', [128, 64], square(128), K3S2),
  convT('FSRCNN', [56, 1], [270, 480], { k: 9, s: 4, p: 4, op: 3, quick: true, trend: true }),
  convT('HiFi-GAN u1', [512, 256], [256], { k: 16, s: 8, p: 4, quick: true, trend: true }),
  convT('HiFi-GAN u2', [256, 128], [2048], { k: 16, s: 8, p: 4 }),
  convT('HiFi-GAN u3', [128, 64], [16384], K4S2),
  convT('HiFi-GAN u4', [64, 32], [32768], K4S2),
  convT('iSTFT', [4098, 1], [435], { k: 4096, s: 1024, n: 8 }),
  convT('nnU-Net', [320, 320], cube(8), K2S2),
  convT('nnU-Net', [128, 64], cube(32), { ...K2S2, quick: true }),
  convT('nnU-Net', [64, 32], cube(64), K2S2),
  convT('k5s2', [256, 128], square(16), { k: 5, s: 2, p: 2, op: 1 }),
  convT('dilated', [256, 128], square(64), { k: 3, s: 2, p: 2, d: 2, op: 1 }),
  convT('stride 1', [256, 256], square(64), K3),
  convT('groups', [256, 256], square(64), { ...K4S2, g: 4 }),

  convTdx('DCGAN G4', [128, 64], square(16), { ...K4S2, n: 64 }),
  convTdx('U-Net up2', [512, 256], square(52), K2S2),
  convTdx('pix2pix d7', [256, 64], square(64), { ...K4S2, quick: true }),
  convTdx('CycleGAN', [128, 64], square(128), K3S2),
  convTdx('FCN-8s', [21, 21], square(70), { k: 16, s: 8 }),
  convTdx('HiFi-GAN u2', [256, 128], [2048], { k: 16, s: 8, p: 4 }),
  convTdx('nnU-Net', [128, 64], cube(32), K2S2),

  convTdw('DCGAN G4', [128, 64], square(16), { ...K4S2, n: 64 }),
  convTdw('U-Net up2', [512, 256], square(52), K2S2),
  convTdw('pix2pix d7', [256, 64], square(64), { ...K4S2, quick: true }),
  convTdw('CycleGAN', [128, 64], square(128), K3S2),
  convTdw('FCN-8s', [21, 21], square(70), { k: 16, s: 8 }),
  convTdw('HiFi-GAN u2', [256, 128], [2048], { k: 16, s: 8, p: 4 }),
  convTdw('nnU-Net', [128, 64], cube(32), K2S2),

  conv('ResNet', [64, 64], square(56), { ...K3, n: 16, quick: true }),
  conv('EDSR tail', [256, 1024], [180, 320], K3),
  conv('ESPCN tail', [32, 48], [270, 480], K3),
  conv('1×1', [256, 256], square(56), { k: 1, n: 16 }),
  convDx('ResNet', [64, 64], square(56), { ...K3, n: 16, quick: true }),
  convDx('ResNet down', [64, 128], square(56), { k: 3, s: 2, p: 1, n: 16 }),
  convDw('ResNet', [64, 64], square(56), { ...K3, n: 16, quick: true }),
  convDw('ResNet down', [64, 128], square(56), { k: 3, s: 2, p: 1, n: 16 }),

  resizeConv('SD-VAE up0', [512, 512], square(64), { ...K3, s: 2 }),
  resizeConv('SD-VAE up1', [512, 512], square(128), { ...K3, s: 2 }),
  resizeConv('SD-VAE up1, fewer channels', [128, 128], square(128), { ...K3, s: 2, quick: true, trend: true }),
  resizeConv('SD-VAE up2', [256, 256], square(256), { ...K3, s: 2 }),
  resizeConv('ESRGAN', [64, 64], [240, 320], { ...K3, s: 2 }),
].map((one) => ({ ...one, scale: 'full' }));

export const convCases: readonly ConvCase[] = [...small, ...large];
