// The reference: the same checks as the kernels, and the definition, element by element.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { pixelShuffleBackwardCall, pixelShuffleCall, pixelUnshuffleBackwardCall, pixelUnshuffleCall, type ShuffleCall } from './arguments.ts';

/** Where element [n, c, ...place] lies in memory. */
function at({ shape, layout }: Pick<TensorSpec, 'shape' | 'layout'>, n: number, c: number, place: readonly number[]): number {
  const size = shape.slice(2);
  const within = place.reduce((sum, p, i) => sum * size[i]! + p, 0);
  const plane = product(size);
  const channels = shape[1]!;
  return layout === 'nchw' ? (n * channels + c) * plane + within : (n * plane + within) * channels + c;
}

function rearrange({ x, shape, factors, order, unshuffle }: ShuffleCall, data: ArrayLike<number>): PlainResult {
  const y = { shape, layout: x.layout, dtype: x.dtype };
  const [wide, deep] = unshuffle ? [x, y] : [y, x];
  const out = new Float64Array(data.length);
  const cell = product(factors);
  const [batch, channels, ...size] = wide.shape as [number, number, ...number[]];
  const plane = product(size);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) {
        const place = size.map((s, i) => Math.floor(p / product(size.slice(i + 1))) % s);
        const inside = place.reduce((sum, q, i) => sum * factors[i]! + (q % factors[i]!), 0);
        const ch = order === 'CRD' ? c * cell + inside : inside * channels + c;
        const [w, d] = [
          at(wide, n, c, place),
          at(
            deep,
            n,
            ch,
            place.map((q, i) => Math.floor(q / factors[i]!)),
          ),
        ];
        if (unshuffle) out[d] = data[w]!;
        else out[w] = data[d]!;
      }
  return { ...y, data: out };
}

const shuffle =
  <O>(op: string, name: string, check: (op: string, x: TensorSpec, options: O) => ShuffleCall): ((x: Plain, options: O) => PlainResult) =>
  (x, options = {} as O) =>
    rearrange(check(op, specOf(op, name, x), options), x.data);

// Each as its namesake on the GPU.
export const pixelShuffle = /*#__PURE__*/ shuffle('pixelShuffle', 'x', pixelShuffleCall);
export const pixelShuffleBackward = /*#__PURE__*/ shuffle('pixelShuffleBackward', 'dy', pixelShuffleBackwardCall);
export const pixelUnshuffle = /*#__PURE__*/ shuffle('pixelUnshuffle', 'x', pixelUnshuffleCall);
export const pixelUnshuffleBackward = /*#__PURE__*/ shuffle('pixelUnshuffleBackward', 'dy', pixelUnshuffleBackwardCall);
