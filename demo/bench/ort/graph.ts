import { type Case, follow, type Recipes } from '../cases/case.ts';
import { conv } from './conv.ts';
import type { Graph } from './model.ts';
import { pool } from './pool.ts';
import { resample } from './resample.ts';
import { shuffle } from './shuffle.ts';
import { train } from './train.ts';

/** A case as an ONNX graph, or why there is none. */
export type OrtRecipe<C> = (one: C) => Graph | string;

const recipes: Recipes<[], Graph | string> = { conv, pool, resample, shuffle, train };
export const graphOf = (one: Case): Graph | string => follow(recipes, one);
