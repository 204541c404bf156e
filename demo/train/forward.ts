// The autoencoder once more, by the reference alone: with the same weights it must draw the same picture.
import * as reference from '../../src/reference.ts';
import type { Decoder } from '../networks/autoencoder.ts';

type Plain = reference.Plain;
type Indices = { readonly indices: Plain };

const WINDOW = { kernelSize: 2 };

/** One stage of each decoder; `to` are the switches of the pooling that it undoes. */
const UP: Readonly<Record<Decoder, (x: Plain, weight: Plain, options: object, to: Indices) => Plain>> = {
  transposed: (x, w, options) => reference.convTranspose2d(x, w, { stride: 2, padding: 1, outputPadding: 1, ...options }),
  resize: (x, w, options) => reference.resizeConv2d(x, w, { scaleFactor: 2, padding: 1, ...options }),
  unpool: (x, w, options, { indices }) => reference.conv2d(reference.maxUnpool2d(x, indices, WINDOW), w, { padding: 1, ...options }),
  shuffle: (x, w, options) => reference.pixelShuffle(reference.conv2d(x, w, { padding: 1, ...options }), { upscaleFactor: 2 }),
};

/** What the autoencoder with these weights draws for x. */
export function forward(decoder: Decoder, weights: Readonly<Record<string, Plain>>, x: Plain): Plain {
  const relu = { activation: 'relu' } as const;
  const of = (name: string) => [weights[`${name}.weight`]!, weights[`${name}.bias`]!] as const;
  const conv = (name: string, x: Plain, options: object = relu): Plain => {
    const [w, bias] = of(name);
    return reference.conv2d(x, w, { bias, padding: 1, ...options });
  };
  const up = (name: string, x: Plain, options: object, to: Indices): Plain => {
    const [w, bias] = of(name);
    return UP[decoder](x, w, { bias, ...options }, to);
  };
  const pool = (x: Plain) => reference.maxPool2d(x, { ...WINDOW, returnIndices: true });
  const pool1 = pool(conv('down1', x));
  const pool2 = pool(conv('down2', pool1.output));
  const small = conv('open', conv('code', pool2.output, {}));
  return reference.sigmoid(up('up2', up('up1', small, relu, pool2), {}, pool1));
}
