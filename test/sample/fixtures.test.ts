// Outside results: ONNX's GridSample tests, under every plan and in the reference. None of them is contested.
import { expect, test } from 'vitest';
import type { GridSampleOptions } from '../../src/index.ts';
import * as reference from '../../src/ops/sample/cpu.ts';
import { type Case, differs, load } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { everyPlan, operand, put } from './run.ts';

const WORDS = { linear: 'bilinear', nearest: 'nearest', cubic: 'bicubic' } as const;

/** ONNX's attributes in our words; those left out keep ONNX's defaults, which are ours. */
const optionsOf = ({ attrs: a }: Case): GridSampleOptions => ({
  mode: WORDS[(a['mode'] ?? 'linear') as keyof typeof WORDS],
  paddingMode: a['padding_mode'] as GridSampleOptions['paddingMode'],
  alignCorners: a['align_corners'] === undefined ? undefined : a['align_corners'] === 1,
});

test('ONNX GridSample: 11 cases', async () => {
  const ctx = await context();
  const cases = await load('onnx-node', ['GridSample']);
  const found: string[] = [];
  for (const c of cases) {
    const [x, grid] = c.inputs.map((t) => operand(t!.data, t!.shape)) as [ReturnType<typeof operand>, ReturnType<typeof operand>];
    const options = optionsOf(c);
    const want = c.outputs[0]!;
    // The source wrote its results down to four decimals; on images of 3 x 2 coordinates slip by less than a thousandth of that.
    const bound = { units: 5.05e-5 * 2 ** 24, scale: 1 };
    const y = reference.gridSample(x, grid, options);
    expect(y.shape).toEqual(want.shape);
    const told = (by: string, data: ArrayLike<number>) => {
      const message = differs(data, want.data, bound);
      if (message) found.push(`${c.name}, ${by}: ${message}`);
    };
    told('reference', y.data);
    for (const { plan, outputs } of await everyPlan(ctx, { x: put(ctx, x), grid: put(ctx, grid) }, options)) told(plan, outputs['y']!);
  }
  expect(found).toEqual([]);
  expect(cases.length).toBe(11);
});
