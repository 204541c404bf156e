import type { TrainCase } from '../cases/train.ts';
import type { OrtRecipe } from './graph.ts';

export const train: OrtRecipe<TrainCase> = () => 'no training';
