import type { ResampleCase } from '../cases/resample.ts';
import type { OrtRecipe } from './graph.ts';

const MODES = { nearest: 'nearest', linear: 'linear', bilinear: 'linear', trilinear: 'linear', bicubic: 'cubic' } as const;

export const resample: OrtRecipe<ResampleCase> = ({ mode, rule, antialias, backward, output }) => {
  if (backward) return 'no gradients';
  if (mode === 'nails') return 'no bed of nails';
  if (antialias) return 'no antialias'; // listed by the runtime, refused when run (1.30)
  const attributes = {
    mode: MODES[mode],
    coordinate_transformation_mode: rule,
    ...(mode === 'nearest' && { nearest_mode: 'floor' }),
    ...(mode === 'bicubic' && { cubic_coeff_a: -0.75 }),
  };
  return { opset: 19, nodes: [{ op: 'Resize', inputs: ['x', '', '', 'sizes'], attributes }], constants: { sizes: output }, weights: [] };
};
