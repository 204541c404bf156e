// The training as somebody writes it: runs as it stands, given pictures.
import type { Decoder } from '../networks/autoencoder.ts';

interface Stage {
  /** What it takes from the library. */
  readonly names: readonly string[];
  /** Shape of the weights of a stage, and the line that draws the stage. */
  readonly shape: (from: number, to: number) => readonly number[];
  readonly lines: (k: 1 | 2, x: string) => string;
}

const relu = (k: 1 | 2) => (k === 1 ? ", activation: 'relu'" : '');

const STAGES: Readonly<Record<Decoder, Stage>> = {
  transposed: {
    names: ['convTranspose2d'],
    shape: (from, to) => [from, to, 3, 3],
    lines: (k, x) => `convTranspose2d(${x}, up${k}, { stride: 2, padding: 1, outputPadding: 1${relu(k)} })`,
  },
  resize: {
    names: ['resizeConv2d'],
    shape: (from, to) => [to, from, 3, 3],
    lines: (k, x) => `resizeConv2d(${x}, up${k}, { scaleFactor: 2, padding: 1${relu(k)} })`,
  },
  unpool: {
    names: ['maxUnpool2d'],
    shape: (from, to) => [to, from, 3, 3],
    lines: (k, x) => `conv2d(maxUnpool2d(${x}, pool${3 - k}.indices, { kernelSize: 2 }), up${k}, { padding: 1${relu(k)} })`,
  },
  shuffle: {
    names: ['pixelShuffle'],
    shape: (from, to) => [4 * to, from, 3, 3],
    lines: (k, x) => `pixelShuffle(conv2d(${x}, up${k}, { padding: 1${relu(k)} }), { upscaleFactor: 2 })`,
  },
};

/** The autoencoder with one decoder, and its loop. */
export function training(decoder: Decoder, lr: string, batch: string): string {
  const { names, shape, lines } = STAGES[decoder];
  const core = ['conv2d', 'createContext', 'maxPool2d', ...names].sort();
  return `import { ${core.join(', ')} } from 'webgpu-upsample'
import { adam, bceWithLogits, heNormal, parameter } from 'webgpu-upsample/nn'

const ctx = await createContext()
const weights = (...shape) => parameter(heNormal(ctx, shape))
const down1 = weights(8, 1, 3, 3), down2 = weights(16, 8, 3, 3), code = weights(4, 16, 3, 3)
const open = weights(16, 4, 3, 3), up1 = weights(${shape(16, 8).join(', ')}), up2 = weights(${shape(8, 1).join(', ')})
const optimizer = adam([down1, down2, code, open, up1, up2], { lr: ${lr} })
const half = (x) => maxPool2d(x, { kernelSize: 2, returnIndices: true })

function draw(x) {
  const pool1 = half(conv2d(x, down1, { padding: 1, activation: 'relu' }))
  const pool2 = half(conv2d(pool1.output, down2, { padding: 1, activation: 'relu' }))
  const small = conv2d(pool2.output, code, { padding: 1 }) // [${batch}, 4, 7, 7]
  const opened = conv2d(small, open, { padding: 1, activation: 'relu' })
  const half1 = ${lines(1, 'opened')}
  return ${lines(2, 'half1')}
}

const pictures = new Float32Array(${batch} * 28 * 28).map(Math.random) // yours
for (let step = 0; step < 10; step++) {
  const loss = ctx.tidy(() => {
    const x = ctx.tensor(pictures, [${batch}, 1, 28, 28])
    const loss = bceWithLogits(draw(x), x)
    loss.backward()
    optimizer.step()
    optimizer.zeroGrad()
    return loss
  })
  console.log(await loss.item())
}`;
}
