import { beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/index.ts';
import * as core from '../../src/index.ts';
import * as nn from '../../src/nn/index.ts';
import { transposes, withoutGradient } from '../../src/nn/transposes.ts';
import { context } from '../gpu.ts';
import { CASES } from './cases.ts';
import { gradientErrors } from './check.ts';

let ctx: Context;
beforeAll(async () => {
  ctx = await context();
});

/** Operations: what can be explained. */
const ops = Object.entries<unknown>({ ...core, ...nn })
  .filter(([, f]) => typeof f === 'function' && 'explain' in f)
  .map(([name]) => name);

describe('every operation goes backward, or says why not', () => {
  it('is in the table or in the list', () => {
    expect(ops.filter((op) => !(op in transposes) && !(op in withoutGradient))).toEqual([]);
    expect(Object.keys(withoutGradient).filter((op) => op in transposes)).toEqual([]);
    expect(Object.keys({ ...transposes, ...withoutGradient }).filter((op) => !ops.includes(op))).toEqual([]);
  });
  it('has a case', () => {
    const tested = new Set(CASES.map((c) => c.op));
    expect(Object.keys(transposes).filter((op) => transposes[op] && !tested.has(op))).toEqual([]);
  });
});

describe('gradients through the tape equal differences of the reference', () => {
  for (const op of new Set(CASES.map((c) => c.op)))
    it(op, async () => {
      for (const [i, c] of CASES.filter((c) => c.op === op).entries()) expect(await gradientErrors(ctx, c), `case ${i}`).toEqual([]);
    });
});
