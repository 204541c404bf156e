import type { Case } from './case.ts';
import { convCases } from './conv.ts';
import { inHalf } from './half.ts';
import { poolCases } from './pool.ts';
import { resampleCases } from './resample.ts';
import { shuffleCases } from './shuffle.ts';
import { trainCases } from './train.ts';

const single: readonly Case[] = [...resampleCases, ...convCases, ...shuffleCases, ...poolCases, ...trainCases];

/** Every row, in the order of the tables. */
export const cases: readonly Case[] = [...single, ...inHalf(single)];
