// Train an autoencoder, step by step
import { conv2d, convTranspose2d, createContext, maxPool2d, maxUnpool2d } from 'webgpu-upsample';
import { adam, heNormal, mse, parameter } from 'webgpu-upsample/nn';

const ctx = await createContext();
const encoder = parameter(heNormal(ctx, [8, 1, 3, 3], { random: 1 })); // oihw
const decoder = parameter(heNormal(ctx, [8, 1, 3, 3], { random: 2 })); // iohw
const optimizer = adam([encoder, decoder], { lr: 0.1 });

const step = (batch) =>
  ctx.tidy(() => {
    const h = conv2d(batch, encoder, { padding: 1, activation: 'relu' });
    const { output, indices } = maxPool2d(h, { kernelSize: 2, returnIndices: true });
    const up = maxUnpool2d(output, indices, { kernelSize: 2 });
    const loss = mse(convTranspose2d(up, decoder, { padding: 1, activation: 'sigmoid' }), batch);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  });

// Eight pictures of discs
const inside = (n, r, c) => Number(Math.hypot(r - 13.5, c - 13.5) < 3 + n);
const pixels = Float32Array.from({ length: 8 * 28 * 28 }, (_, i) => inside(Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28));
const images = ctx.tensor(pixels, [8, 1, 28, 28]);
for (let i = 0; i < 20; i++) {
  const loss = step(images);
  console.log(`step ${i + 1}: loss`, (await loss.item()).toFixed(5));
  loss.dispose();
}
