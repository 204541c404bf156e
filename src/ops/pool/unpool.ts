import { checkOptions, flag, isCount, oneOf, perAxis, refuse, show } from '../../check.ts';
import type { TensorSpec } from '../../plan.ts';
import { type Triple, threeAxes } from '../conv/geometry.ts';
import { checkIndices, checkInput, checkPadding, type PerAxis, type PoolPadding, resultSpec } from './arguments.ts';
import type { ConvertCall, Duplicates, SpreadCall } from './call.ts';
import { FORMATS, type IndexFormat } from './format.ts';

export interface MaxUnpoolOptions {
  /** Cells of a window, one number or one an axis. */
  kernelSize: PerAxis;
  /** Cells from one window to the next; default `kernelSize`. */
  stride?: PerAxis | undefined;
  /** That of the pooling; default 0. */
  padding?: PoolPadding | undefined;
  /** Spatial size of the result, or its whole shape; less than a stride from the default. Default `(L-1)*stride - padding + kernelSize`. */
  outputSize?: readonly number[] | number | undefined;
  /** How indices count; default `'plane'`. */
  indexFormat?: IndexFormat | undefined;
  /** Whether indices count in the result's plane (default; PyTorch, ONNX Runtime), or in the plane of the default size, which is then cut or
   * extended to `outputSize` (the ONNX reference). */
  indexSpace?: 'output' | 'inferred' | undefined;
  /** What a cell gets that several indices name: the value of the last source position (default), of the first, or the sum. */
  duplicates?: Duplicates | undefined;
  /** Whether an index outside its plane rejects the next awaited read (default), or is dropped. A prepared operation always drops. */
  checkIndices?: boolean | undefined;
}

const KNOWN = ['kernelSize', 'stride', 'padding', 'outputSize', 'indexFormat', 'indexSpace', 'duplicates', 'checkIndices'];

/** Completes the arguments of `maxUnpool1d` to `maxUnpool3d`; with `dy` those of their gradients, where it stands for x's dtype.
 * @param prepared whether the call is for `prepare`, which cannot report indices */
export function maxUnpoolCall(
  op: string,
  spatial: number,
  x: TensorSpec,
  indices: TensorSpec,
  options: MaxUnpoolOptions,
  { dy, prepared = false }: { dy?: TensorSpec; prepared?: boolean } = {},
): SpreadCall {
  checkOptions(op, options, KNOWN);
  checkInput(op, dy ? 'indices' : 'x', dy ? { ...x, dtype: 'f32' } : x, spatial);
  if (dy) checkInput(op, 'dy', dy, spatial);
  checkIndices(op, indices, 'x', x);
  if (options.kernelSize === undefined) refuse(op, 'kernelSize is missing', 'expected whole numbers of 1 or more');
  const counts = (name: string, value: unknown) => perAxis(op, name, value, spatial, isCount, 'whole numbers of 1 or more');
  const kernel = counts('kernelSize', options.kernelSize);
  const stride = counts('stride', options.stride ?? kernel);
  const pads = checkPadding(op, options.padding, kernel);
  const least = x.shape.slice(2).map((n, i) => (n - 1) * stride[i]! - pads[i]![0] - pads[i]![1] + kernel[i]!);
  const size = checkOutputSize(op, options.outputSize, x, least, stride);
  const indexSpace = oneOf(op, 'indexSpace', options.indexSpace, ['output', 'inferred'] as const, 'output');
  const check = flag(op, 'checkIndices', options.checkIndices, !prepared);
  if (prepared && check) refuse(op, 'checkIndices cannot act in a prepared operation', 'leave it out: indices outside their plane are dropped there');
  if (indexSpace === 'inferred' && least.some((n) => n < 1))
    refuse(op, `indexSpace "inferred" needs a plane but the default size is [${least.join(', ')}]`, 'expected sizes of 1 or more');
  const axes = threeAxes(size.map((large, i) => ({ large, small: x.shape[i + 2]!, kernel: kernel[i]!, stride: stride[i]!, dilation: 1, pad: pads[i]![0] })));
  const plane = [1, 1, 1, ...(indexSpace === 'output' ? size : least)].slice(-3) as unknown as Triple;
  const large = resultSpec(op, { ...x, dtype: dy?.dtype ?? x.dtype }, size);
  if (dy && dy.shape.join() !== large.shape.join())
    refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [${large.shape.join(', ')}], the result's for indices [${x.shape.join(', ')}]`);
  if (dy && dy.layout !== x.layout) refuse(op, `indices has layout ${x.layout} but dy has ${dy.layout}`, 'expected one layout');
  return {
    op,
    backward: !!dy,
    free: true,
    small: dy ? { shape: x.shape, dtype: dy.dtype, layout: x.layout, skew: 0 } : x,
    large: dy ?? large,
    indices,
    axes,
    indexing: { format: oneOf(op, 'indexFormat', options.indexFormat, FORMATS, 'plane'), plane, channels: x.shape[1]! },
    duplicates: oneOf(op, 'duplicates', options.duplicates, ['last', 'first', 'sum'] as const, 'last'),
    check,
  };
}

/** The spatial size of the result: less than a stride from the default. */
function checkOutputSize(
  op: string,
  wanted: MaxUnpoolOptions['outputSize'],
  x: TensorSpec,
  least: readonly number[],
  stride: readonly number[],
): readonly number[] {
  const spatial = least.length;
  let size = least;
  if (wanted !== undefined) {
    const whole = Array.isArray(wanted) && wanted.length === spatial + 2;
    if (whole && (wanted[0] !== x.shape[0] || wanted[1] !== x.shape[1]))
      refuse(op, `outputSize is ${show(wanted)}`, `expected [${x.shape[0]}, ${x.shape[1]}, …], the batch and channels of x`);
    size = perAxis(op, 'outputSize', whole ? wanted.slice(2) : wanted, spatial, isCount, 'whole numbers of 1 or more');
    for (const [i, n] of size.entries()) {
      const [from, to] = [Math.max(least[i]! - stride[i]! + 1, 1), least[i]! + stride[i]! - 1];
      if (n < from || n > to) refuse(op, `outputSize ${n} is too far from the default ${least[i]}`, `expected ${from} to ${to}`);
    }
  }
  for (const [i, n] of size.entries()) if (n < 1) refuse(op, `the result would have ${n} elements along spatial axis ${i}`, 'expected 1 or more');
  return size;
}

export interface ConvertIndicesOptions {
  /** How the indices count. */
  from: IndexFormat;
  /** How they shall count. */
  to: IndexFormat;
  /** [N, C, ...spatial] of the tensor that the indices point into: the input of the pooling. */
  shape: readonly number[];
}

/** Completes the arguments of `convertIndices`. */
export function convertCall(op: string, x: TensorSpec, options: ConvertIndicesOptions): ConvertCall {
  checkOptions(op, options, ['from', 'to', 'shape']);
  if (x.dtype !== 'u32' && x.dtype !== 'i32') refuse(op, `indices has dtype ${x.dtype}`, 'expected u32 or i32');
  const spatial = x.shape.length - 2;
  if (spatial < 1 || spatial > 3) refuse(op, `indices [${x.shape.join(', ')}] has rank ${x.shape.length}`, 'expected rank 3 to 5: [N, C, ...spatial]');
  const { from, to, shape } = options;
  const format = (name: string, value: unknown) => oneOf(op, name, value ?? '', FORMATS, 'plane');
  const list = Array.isArray(shape) ? shape : [];
  if (list.length !== x.shape.length || !list.slice(1).every(isCount) || list[0] !== x.shape[0] || list[1] !== x.shape[1])
    refuse(op, `shape is ${show(shape)}`, `expected [${x.shape[0]}, ${x.shape[1]}, …] with ${spatial} spatial sizes, the shape of the pooling's input`);
  const plane = [1, 1, 1, ...list.slice(2)].slice(-3) as unknown as Triple;
  resultSpec(op, { ...x, dtype: 'u32' }, list.slice(2));
  const indexing = { plane, channels: x.shape[1]! };
  return { op, x, from: { ...indexing, format: format('from', from) }, to: { ...indexing, format: format('to', to) } };
}
