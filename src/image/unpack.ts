import unpack from '../../shaders/image/unpack.wgsl';
import { type Limits, type Plan, type TensorSpec, WORKGROUP } from '../plan.ts';

/** A picture whose bytes lie in a buffer, as plans need it. */
export interface UnpackCall {
  readonly output: TensorSpec;
  /** Words from row to row. */
  readonly row: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Elements from column to column, row to row and channel to channel of [1, C, H, W]. */
export function stridesOf({ shape, layout }: TensorSpec): { strides: [number, number]; plane: number } {
  const [, c, h, w] = shape as [number, number, number, number];
  return layout === 'nchw' ? { strides: [1, w], plane: h * w } : { strides: [c, w * c], plane: 1 };
}

/** 8-bit pixels to numbers: one dispatch. */
export function unpackPlan({ output, row, mean, std }: UnpackCall, limits: Limits): Plan {
  const [, channels, height, width] = output.shape as [number, number, number, number];
  const deep = Math.ceil(height / limits.groups);
  return {
    name: 'unpack',
    why: 'the only one',
    outputs: { output },
    scratch: {},
    tables: {},
    steps: [
      {
        kernel: unpack,
        types: { real: output.dtype },
        constants: { CHANNELS: channels },
        params: { mean, deviation: std, size: [width, height], ...stridesOf(output), row },
        bind: { x: 'x', y: 'output' },
        grid: [Math.ceil(width / WORKGROUP), Math.ceil(height / deep), deep],
      },
    ],
  };
}
