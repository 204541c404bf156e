import { type Operation, operation } from '../../op.ts';
import type { TensorSpec } from '../../plan.ts';
import {
  type PixelShuffleOptions,
  type PixelUnshuffleOptions,
  pixelShuffleBackwardCall,
  pixelShuffleCall,
  pixelUnshuffleBackwardCall,
  pixelUnshuffleCall,
  type ShuffleCall,
} from './arguments.ts';
import { shufflePlans } from './plan.ts';

export type { PixelShuffleOptions, PixelUnshuffleOptions, ShuffleOrder } from './arguments.ts';
export { type IcnrOptions, icnr } from './icnr.ts';

type Shuffle<O> = Operation<[options: O], O>;

const shuffle = <O extends object>(op: string, check: (op: string, x: TensorSpec, options: O) => ShuffleCall): Shuffle<O> =>
  operation(
    op,
    (name: string, x: TensorSpec, options: O = {} as O) => check(name, x, options), // left out, the sentence says what is missing
    shufflePlans,
    (options: O): [O] => [options],
  );

/** `y[n, c, h*r + i, w*r + j] = x[n, ch, h, w]`, bit for bit: channels become cells of space. `ch = c*r*r + i*r + j` (CRD) or `(i*r + j)*C + c` (DCR),
 * C output channels; with one spatial axis or three likewise, the place in a cell row-major.
 * @param x [N, C*cell, L], [N, C*cell, H, W] or [N, C*cell, D, H, W], any dtype; cell is the product of the factors
 * @param options `upscaleFactor` one whole number, or one an axis; `order` `'CRD'` (PyTorch), or `'DCR'` (TensorFlow, tfjs, ONNX's default)
 * @returns [N, C, ...spatial*upscaleFactor], in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch PixelShuffle; ONNX DepthToSpace-13. */
export const pixelShuffle: Shuffle<PixelShuffleOptions> = /*#__PURE__*/ shuffle('pixelShuffle', pixelShuffleCall);

/** `dx[n, ch, h, w] = dy[n, c, h*r + i, w*r + j]`: the gradient of `pixelShuffle`, its inverse.
 * @param dy gradient of the result, f32 or f16
 * @param options as given to `pixelShuffle`
 * @throws UpsampleError as `pixelShuffle` */
export const pixelShuffleBackward: Shuffle<PixelShuffleOptions> = /*#__PURE__*/ shuffle('pixelShuffleBackward', pixelShuffleBackwardCall);

/** `y[n, ch, h, w] = x[n, c, h*r + i, w*r + j]`, bit for bit: cells of space become channels, the inverse of `pixelShuffle`.
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W], any dtype; spatial sizes are multiples of the factors
 * @param options `downscaleFactor` one whole number, or one an axis; `order` `'CRD'`, or `'DCR'` (ONNX SpaceToDepth)
 * @returns [N, C*cell, ...spatial/downscaleFactor], in the layout and dtype of x
 * @throws UpsampleError as `pixelShuffle`
 * Source: PyTorch PixelUnshuffle; ONNX SpaceToDepth-13. */
export const pixelUnshuffle: Shuffle<PixelUnshuffleOptions> = /*#__PURE__*/ shuffle('pixelUnshuffle', pixelUnshuffleCall);

/** `dx[n, c, h*r + i, w*r + j] = dy[n, ch, h, w]`: the gradient of `pixelUnshuffle`, its inverse.
 * @param dy gradient of the result, f32 or f16
 * @param options as given to `pixelUnshuffle`
 * @throws UpsampleError as `pixelShuffle` */
export const pixelUnshuffleBackward: Shuffle<PixelUnshuffleOptions> = /*#__PURE__*/ shuffle('pixelUnshuffleBackward', pixelUnshuffleBackwardCall);
