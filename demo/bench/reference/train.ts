import type { Plain } from '../../../src/plain.ts';
import * as reference from '../../../src/reference.ts';
import { factorOf, STEPS, type TrainCase } from '../cases/train.ts';
import type { ReferenceRecipe } from './index.ts';

const POOL = { kernelSize: 2, returnIndices: true } as const;

/** Gradients of a layer's input, weights and bias. */
type Back = (dy: Plain) => { dx: Plain; dw: Plain; db: Plain };

/** One parameter under Adam. */
function adam(p: Float64Array, lr: number): (g: ArrayLike<number>, t: number) => void {
  const [m, v] = [new Float64Array(p.length), new Float64Array(p.length)];
  return (g, t) => {
    for (let i = 0; i < p.length; i++) {
      m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
      v[i] = 0.999 * v[i]! + 0.001 * g[i]! ** 2;
      p[i]! -= (lr * m[i]!) / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
    }
  };
}

/** The training of demo/networks/autoencoder.ts, written out. */
export const train: ReferenceRecipe<TrainCase> = (one, inputs) => {
  const { decoder, lr, filters } = one;
  const layers = Object.fromEntries(
    filters.map((name) => {
      const shape = one.inputs[name]!;
      const last = name === 'code' || name === 'up2';
      const up = name.startsWith('up');
      const w = { data: Float64Array.from(inputs[name]!, (v) => v * factorOf(one, name)), shape };
      const channels = shape[up && decoder === 'transposed' ? 1 : 0]!;
      const bias = { data: new Float64Array(channels), shape: [channels] };
      const common = { padding: 1, bias, ...(!last && { activation: 'relu' as const }) };
      const run = (x: Plain): [Plain, Back] => {
        if (!up) return [reference.conv2d(x, w, common), (dy) => reference.conv2dBackward(dy, x, w, common)];
        const folded = { ...common, scaleFactor: 2 };
        if (decoder === 'resize') return [reference.resizeConv2d(x, w, folded), (dy) => reference.resizeConv2dBackward(dy, x, w, folded)];
        const options = { ...common, stride: 2, outputPadding: 1 };
        return [reference.convTranspose2d(x, w, options), (dy) => reference.convTranspose2dBackward(dy, x, w, options)];
      };
      return [name, { run, moves: [adam(w.data, lr), adam(bias.data, lr)] as const }];
    }),
  );
  const x = { data: Float64Array.from(inputs['x']!, (v) => v / 2 + 0.5), shape: one.inputs['x']! };
  return Float64Array.from({ length: STEPS }, (_, step) => {
    const path: ((dy: Plain) => Plain)[] = [];
    let y: Plain = x;
    for (const name of filters) {
      const [made, back] = layers[name]!.run(y);
      y = made;
      path.push((dy) => {
        const { dx, dw, db } = back(dy);
        const [moveW, moveB] = layers[name]!.moves;
        moveW(dw.data, step + 1);
        moveB(db.data, step + 1);
        return dx;
      });
      if (!name.startsWith('down')) continue;
      const { output, indices } = reference.maxPool2d(y, POOL);
      const { shape } = y;
      path.push((dy) => reference.maxPool2dBackward(dy, indices, shape, { kernelSize: 2 }));
      y = output;
    }
    const loss = reference.bceWithLogits(y, x);
    let dy: Plain = reference.bceWithLogitsBackward({ data: [1], shape: [] }, y, x).dx;
    for (const back of path.reverse()) dy = back(dy);
    return loss.data[0]!;
  });
};
