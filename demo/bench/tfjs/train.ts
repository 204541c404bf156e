import '@tensorflow/tfjs-core/dist/register_all_gradients.js'; // tfjs-core alone has none
import type * as tfjs from '@tensorflow/tfjs-core';
import { factorOf, STEPS, type TrainCase } from '../cases/train.ts';
import type { TfjsRecipe } from './index.ts';

/** The network of demo/networks/autoencoder.ts as one writes it in tfjs. */
export const train: TfjsRecipe<TrainCase> = (one, tf, given) => {
  const { decoder, lr, filters, inputs } = one;
  const batch = inputs['x']![0]!;

  const begin = () => {
    const w = Object.fromEntries(filters.map((name) => [name, tf.variable(tf.mul(given[name]!, factorOf(one, name)) as tfjs.Tensor4D)]));
    const transposes = (name: string) => decoder === 'transposed' && name.startsWith('up');
    const b = Object.fromEntries(filters.map((name) => [name, tf.variable(tf.zeros([inputs[name]![transposes(name) ? 1 : 0]!]))]));
    const activation = (name: string) => (name === 'code' || name === 'up2' ? 'linear' : 'relu');
    const conv = (x: tfjs.Tensor4D, name: string): tfjs.Tensor4D =>
      tf.fused.conv2d({ x, filter: w[name]!, strides: 1, pad: 'same', bias: b[name]!, activation: activation(name) });
    const up = (x: tfjs.Tensor4D, name: string): tfjs.Tensor4D => {
      const [n, height, width] = x.shape;
      const size: [number, number] = [2 * height, 2 * width];
      if (!transposes(name)) return conv(tf.image.resizeNearestNeighbor(x, size), name);
      // PyTorch's padding 1 with output padding 1 crops one row before and none behind
      const large = tf.conv2dTranspose(x, w[name]!, [n, ...size, w[name]!.shape[2]!], 2, [
        [0, 0],
        [1, 0],
        [1, 0],
        [0, 0],
      ] as never);
      const biased = tf.add(large, b[name]!) as tfjs.Tensor4D;
      return activation(name) === 'relu' ? tf.relu(biased) : biased;
    };
    const pool = (x: tfjs.Tensor4D) => tf.maxPool(x, 2, 2, 'valid');
    const x = tf.reshape(tf.add(tf.mul(given['x']!, 0.5), 0.5), [batch, 28, 28, 1]) as tfjs.Tensor4D;
    const optimizer = tf.train.adam(lr, 0.9, 0.999, 1e-8);
    const loss = () => {
      const small = pool(conv(pool(conv(x, 'down1')), 'down2'));
      return tf.losses.sigmoidCrossEntropy(x, up(up(conv(conv(small, 'code'), 'open'), 'up1'), 'up2')) as tfjs.Scalar;
    };
    return {
      step: () => optimizer.minimize(loss, true)!,
      close: () => {
        optimizer.dispose();
        for (const t of [x, ...Object.values(w), ...Object.values(b)]) t.dispose();
      },
    };
  };

  const { step, close } = begin();
  return {
    run: step,
    result: async () => {
      const fresh = begin();
      const losses = new Float32Array(STEPS);
      for (let i = 0; i < STEPS; i++) {
        const loss = fresh.step();
        losses[i] = (await loss.data())[0]!;
        loss.dispose();
      }
      fresh.close();
      return losses;
    },
    close,
  };
};
