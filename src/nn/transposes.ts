import type { Transpose } from '../autograd/graph.ts';
import * as resample from '../ops/resample/index.ts';
import * as shuffle from '../ops/shuffle/index.ts';
import type { Tensor } from '../tensor.ts';
import { convolutions } from './transposes_conv.ts';

/** An operation as the table calls it. */
// biome-ignore lint/suspicious/noExplicitAny: arguments go back to the operation they were recorded from
type Op = (...args: any[]) => Tensor;

/** Of `y = A x`, where `back(dy, shape of x, ...)` is the transpose. */
const down =
  (back: Op): Transpose =>
  ({ args: [x, ...rest], dy }) => [[x, back(dy, x.shape, ...rest)]];
/** Of that transpose: A again. @param without options that make A affine */
const up =
  (forward: Op, ...without: string[]): Transpose =>
  ({ args: [g, , options, ...rest], dy }) => [[g, forward(dy, leave(options, without), ...rest)]];
/** Of `y = A x`, where `other(dy, ...)` with the same arguments is the transpose. */
const swap =
  (other: Op): Transpose =>
  ({ args: [x, ...rest], dy }) => [[x, other(dy, ...rest)]];

const leave = (options: object | undefined, names: readonly string[]) =>
  options && Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));

/** How gradients go back through each operation, by its name. A transpose calls operations, so that gradients have gradients. */
export const transposes: Readonly<Record<string, Transpose | null>> = {
  ...convolutions,
  interpolate: down(resample.interpolateBackward),
  interpolateBackward: up(resample.interpolate),
  resize: down(resample.resizeBackward),
  resizeBackward: up(resample.resize, 'extrapolationValue'),
  nearest2d: down(resample.nearest2dBackward),
  nearest2dBackward: up(resample.nearest2d),
  bilinear2d: down(resample.bilinear2dBackward),
  bilinear2dBackward: up(resample.bilinear2d),
  bicubic2d: down(resample.bicubic2dBackward),
  bicubic2dBackward: up(resample.bicubic2d),
  bedOfNails1d: down(resample.bedOfNails1dBackward),
  bedOfNails2d: down(resample.bedOfNails2dBackward),
  bedOfNails3d: down(resample.bedOfNails3dBackward),
  bedOfNails1dBackward: up(resample.bedOfNails1d),
  bedOfNails2dBackward: up(resample.bedOfNails2d),
  bedOfNails3dBackward: up(resample.bedOfNails3d),
  zeroInsert1d: down(resample.zeroInsert1dBackward),
  zeroInsert2d: down(resample.zeroInsert2dBackward),
  zeroInsert3d: down(resample.zeroInsert3dBackward),
  zeroInsert1dBackward: up(resample.zeroInsert1d),
  zeroInsert2dBackward: up(resample.zeroInsert2d),
  zeroInsert3dBackward: up(resample.zeroInsert3d),
  pixelShuffle: swap(shuffle.pixelShuffleBackward),
  pixelShuffleBackward: swap(shuffle.pixelShuffle),
  pixelUnshuffle: swap(shuffle.pixelUnshuffleBackward),
  pixelUnshuffleBackward: swap(shuffle.pixelUnshuffle),
};
