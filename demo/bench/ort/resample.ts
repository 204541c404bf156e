import type { ResampleCase } from '../cases/resample.ts';
import type { Node } from './model.ts';

const MODES = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const;

/** A case as one ONNX node, or why there is none. */
export function resample({ mode, rule, antialias, backward, output }: ResampleCase): Node | string {
  if (backward) return 'no gradients';
  if (antialias) return 'no antialias'; // listed by the runtime, refused when run (1.30)
  return {
    op: 'Resize',
    opset: 19,
    inputs: ['x', '', '', 'sizes'],
    constants: { sizes: output },
    attributes: {
      mode: MODES[mode],
      coordinate_transformation_mode: rule,
      ...(mode === 'nearest' && { nearest_mode: 'floor' }),
      ...(mode === 'bicubic' && { cubic_coeff_a: -0.75 }),
    },
  };
}
