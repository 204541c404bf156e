import * as reference from '../../../src/reference.ts';
import type { PoolCase } from '../cases/pool.ts';
import { windowsOf } from '../ours/pool.ts';
import type { ReferenceRecipe } from './index.ts';

export const pool: ReferenceRecipe<PoolCase> = (one, inputs) => {
  const { op, large } = one;
  const { ceilMode, ...plain } = windowsOf(one);
  const windows = { ...plain, ceilMode };
  const given = (name: string) => ({ data: inputs[name]!, shape: one.inputs[name]! });
  const places = () => reference.maxPool2d(given('from'), { ...windows, returnIndices: true }).indices;
  const options = { ...plain, outputSize: large.slice(2) };
  switch (op) {
    case 'avg':
      return reference.avgPool2d(given('x'), { ...windows, countIncludePad: false }).data;
    case 'avgGrad':
      return reference.avgPool2dBackward(given('dy'), large, windows).data;
    case 'max':
    case 'maxIndices':
      return reference.maxPool2d(given('x'), { ...windows, returnIndices: true }).output.data;
    case 'maxGrad':
      return reference.maxPool2dBackward(given('dy'), places(), large, windows).data;
    case 'unpool':
      return reference.maxUnpool2d(given('x'), places(), options).data;
    default:
      return reference.maxUnpool2dBackward(given('dy'), places(), options).data;
  }
};
