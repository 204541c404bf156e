import {
  conv1d,
  conv1dBackward,
  conv2d,
  conv2dBackward,
  conv3d,
  conv3dBackward,
  convTranspose1d,
  convTranspose1dBackward,
  convTranspose2d,
  convTranspose2dBackward,
  convTranspose3d,
  convTranspose3dBackward,
  resizeConv2d,
} from '../../../src/reference.ts';
import { count } from '../cases/case.ts';
import type { ConvCase } from '../cases/conv.ts';
import { optionsOf } from '../ours/conv.ts';
import type { ReferenceRecipe } from './index.ts';

type Plain = { data: ArrayLike<number>; shape: readonly number[] };
type Operation = (...given: readonly unknown[]) => { data: Float64Array } & Record<'dx' | 'dw', { data: Float64Array }>;

const operations = {
  conv: { y: [conv1d, conv2d, conv3d], d: [conv1dBackward, conv2dBackward, conv3dBackward] },
  convTranspose: { y: [convTranspose1d, convTranspose2d, convTranspose3d], d: [convTranspose1dBackward, convTranspose2dBackward, convTranspose3dBackward] },
  resizeConv: { y: [undefined, resizeConv2d, undefined], d: [] },
};

export const conv: ReferenceRecipe<ConvCase> = (one, inputs) => {
  const options = optionsOf(one);
  const given = (input: string, shape: readonly number[]): Plain => ({ data: inputs[input] ?? new Float32Array(count(shape)), shape });
  const [x, w] = [given('x', one.x), given('w', one.w)];
  const operation = operations[one.op][one.of === 'y' ? 'y' : 'd'][one.x.length - 3] as unknown as Operation;
  if (one.of === 'y') return operation(x, w, options).data;
  return operation(given('dy', one.y), x, w, { ...options, gradients: [one.of] })[one.of].data;
};
