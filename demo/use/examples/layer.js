// A transposed-convolution layer: eagerly, and prepared for your own frame loop
import { convTranspose2d, createContext } from 'webgpu-upsample';
import * as reference from 'webgpu-upsample/reference';

const numbers = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * i) / 8);
const [xs, ws, bs] = [numbers(64 * 16 * 16), numbers(64 * 32 * 4 * 4), numbers(32)];

const ctx = await createContext();
const x = ctx.tensor(xs, [1, 64, 16, 16]);
const w = ctx.tensor(ws, [64, 32, 4, 4]); // iohw; a tfjs filter: filterLayout 'hwoi'
const bias = ctx.tensor(bs, [32]);
const options = { stride: 2, padding: 1, activation: 'relu' };

// At once: [1, 32, 32, 32]
const y = convTranspose2d(x, w, { bias, ...options });
const eager = await y.data();

// Prepared: what you encode each frame allocates nothing and compiles nothing
const layer = await convTranspose2d.prepare(ctx, { shape: x.shape, weight: w, bias, ...options });
const encoder = ctx.device.createCommandEncoder();
layer.encode(encoder, { input: x, output: y });
ctx.device.queue.submit([encoder.finish()]);
const prepared = await y.data();
console.log('plan:', layer.explain().plan);
console.log(
  'eagerly and prepared, the same bits:',
  eager.every((v, i) => v === prepared[i]),
);

// The same in float64, on the CPU
const plain = (data, shape) => ({ data, shape });
const exact = reference.convTranspose2d(plain(xs, x.shape), plain(ws, w.shape), { bias: plain(bs, bias.shape), ...options });
console.log('largest difference from the reference:', Math.max(...eager.map((v, i) => Math.abs(v - exact.data[i]))));
