// Average pooling is a resampling whose rows have equal weights: its plans, gradients and reference are those of the resample family.
import { checkOptions, countElements, flag, isCount, perAxis, refuse, show } from '../../check.ts';
import { BYTES, type TensorSpec } from '../../plan.ts';
import type { ResampleCall } from '../resample/call.ts';
import type { AxisRule } from '../resample/table.ts';
import { checkInput, checkWindows, type PerAxis, type WindowOptions } from './arguments.ts';

export interface AvgPoolOptions extends WindowOptions {
  /** Whether cells of the padding count as zeros (default, PyTorch), or not at all (TensorFlow; ONNX by default). */
  countIncludePad?: boolean | undefined;
  /** What every sum is divided by, in place of the number of cells. */
  divisorOverride?: number | undefined;
}

export interface AdaptiveAvgPoolOptions {
  /** Outputs of each spatial axis, one number or one an axis; null keeps the size of an axis, or of all. */
  outputSize: PerAxis | null | readonly (number | null)[];
}

const copy = (size: number): AxisRule => ({ kind: 'copy', inSize: size, outSize: size });

function complete(op: string, x: TensorSpec, spatial: readonly AxisRule[]): ResampleCall {
  const rules = [copy(x.shape[0]!), copy(x.shape[1]!), ...spatial];
  const shape = rules.map((r) => r.outSize);
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  return { op, backward: false, x, shape, rules, fill: 0 };
}

/** Completes the arguments of `avgPool1d` to `avgPool3d`. */
export const avgPoolCall =
  (spatial: number) =>
  (op: string, x: TensorSpec, options: AvgPoolOptions): ResampleCall => {
    checkOptions(op, options, ['kernelSize', 'stride', 'padding', 'ceilMode', 'autoPad', 'countIncludePad', 'divisorOverride']);
    checkInput(op, 'x', x, spatial);
    const includePad = flag(op, 'countIncludePad', options.countIncludePad, true);
    const { divisorOverride: divisor } = options;
    if (divisor !== undefined && (typeof divisor !== 'number' || !Number.isFinite(divisor) || divisor === 0))
      refuse(op, `divisorOverride is ${show(divisor)}`, 'expected a finite number other than 0');
    if (divisor !== undefined && options.countIncludePad !== undefined) refuse(op, 'countIncludePad is given with divisorOverride', 'give at most one');
    const axes = checkWindows(op, x, options);
    return complete(
      op,
      x,
      axes.map(({ large, small, kernel, stride, pad, end }, i) => {
        // A divisor of its own divides once, on the first axis.
        const by = divisor === undefined ? (includePad ? 'padded' : 'inside') : i ? 1 : divisor;
        return { kind: 'mean', inSize: large, outSize: small, kernel, stride, pad, end, by };
      }),
    );
  };

/** Completes the arguments of `adaptiveAvgPool1d` to `adaptiveAvgPool3d`. */
export const adaptiveAvgPoolCall =
  (spatial: number) =>
  (op: string, x: TensorSpec, options: AdaptiveAvgPoolOptions): ResampleCall => {
    checkOptions(op, options, ['outputSize']);
    checkInput(op, 'x', x, spatial);
    const { outputSize: wanted } = options;
    if (wanted === undefined) refuse(op, 'outputSize is missing', 'expected whole numbers of 1 or more, or null for the size of x');
    const kept = wanted === null ? x.shape.slice(2) : Array.isArray(wanted) ? wanted.map((n, i) => n ?? x.shape[i + 2]) : wanted;
    const size = perAxis(op, 'outputSize', kept, spatial, isCount, 'whole numbers of 1 or more, or null for the size of x');
    return complete(
      op,
      x,
      size.map((outSize, i) => ({ kind: 'area', inSize: x.shape[i + 2]!, outSize })),
    );
  };
