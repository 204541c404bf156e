import { checkOptions, countElements, flag, oneOf, refuse, show } from '../../check.ts';
import { BYTES, type TensorSpec } from '../../plan.ts';
import type { PaddingMode, SampleCall, SampleGradient, SampleMode } from './call.ts';

export interface GridSampleOptions {
  /** How values between pixels are found; default `'bilinear'`, which in three dimensions is trilinear. */
  mode?: SampleMode | undefined;
  /** What lies outside: zeros (default), the nearest pixel of the border, or the image mirrored. */
  paddingMode?: PaddingMode | undefined;
  /** Whether -1 and 1 are the centres of the first and last pixel, not their outer edges; default false. */
  alignCorners?: boolean | undefined;
}

const MODES: readonly SampleMode[] = ['bilinear', 'nearest', 'bicubic'];
const PADDINGS: readonly PaddingMode[] = ['zeros', 'border', 'reflection'];
const GRADIENTS: readonly SampleGradient[] = ['dx', 'dgrid'];

const list = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** Checks a forward call. */
export function sampleCall(op: string, x: TensorSpec, grid: TensorSpec, options: GridSampleOptions): SampleCall {
  checkOptions(op, options, ['mode', 'paddingMode', 'alignCorners']);
  const spatial = x.shape.length - 2;
  if (spatial !== 2 && spatial !== 3) refuse(op, `x ${list(x.shape)} has rank ${x.shape.length}`, 'expected rank 4, [N, C, H, W], or rank 5, [N, C, D, H, W]');
  if (x.dtype !== 'f32' && x.dtype !== 'f16') refuse(op, `x has dtype ${x.dtype}`, 'expected f32 or f16');
  if (grid.dtype !== 'f32' && grid.dtype !== x.dtype)
    refuse(op, `grid has dtype ${grid.dtype}`, x.dtype === 'f16' ? 'expected f32, or f16 as x has' : 'expected f32');
  if (grid.layout !== 'nchw') refuse(op, `grid has layout ${grid.layout}`, 'expected nchw, the order of its shape');
  const [n, c, ...size] = x.shape as [number, number, ...number[]];
  if (c < 1 || size.some((s) => s < 1)) refuse(op, `x has shape ${list(x.shape)}`, 'expected at least one channel and one pixel along every axis');
  const out = grid.shape.slice(1, -1);
  const wanted = spatial === 2 ? `[${n}, outH, outW, 2]` : `[${n}, outD, outH, outW, 3]`;
  if (grid.shape.length !== spatial + 2 || grid.shape[0] !== n || grid.shape.at(-1) !== spatial)
    refuse(op, `grid has shape ${list(grid.shape)}`, `expected ${wanted} for x ${list(x.shape)}`);
  if (out.some((s) => s < 1)) refuse(op, `grid has shape ${list(grid.shape)}`, 'expected at least one sample along every axis');
  const mode = oneOf(op, 'mode', options.mode, MODES, 'bilinear');
  const paddingMode = oneOf(op, 'paddingMode', options.paddingMode, PADDINGS, 'zeros');
  const alignCorners = flag(op, 'alignCorners', options.alignCorners);
  const shape = [n, c, ...out];
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  const y: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  return { op, x, grid, y, dy: null, mode, paddingMode, alignCorners, gradients: [] };
}

/** Checks what a backward call has beyond the forward one. */
export function sampleBackwardCall(dy: TensorSpec, forward: SampleCall, gradients: unknown): SampleCall {
  const { op, y } = forward;
  if (dy.dtype !== y.dtype) refuse(op, `dy has dtype ${dy.dtype} but x has ${y.dtype}`, 'expected the dtype of x');
  if (dy.shape.join() !== y.shape.join()) refuse(op, `dy has shape ${list(dy.shape)}`, `expected ${list(y.shape)}, the result's`);
  if (gradients !== undefined && (!Array.isArray(gradients) || !gradients.length || gradients.some((g) => !GRADIENTS.includes(g))))
    refuse(op, `gradients is ${show(gradients)}`, `expected some of ${GRADIENTS.join(', ')}`);
  const wanted = GRADIENTS.filter((g) => (gradients as SampleGradient[] | undefined)?.includes(g) ?? true);
  return { ...forward, dy, gradients: wanted };
}
