import { checkObject, checkShape, flag, refuse } from '../../check.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { type ConvOptions, type ConvTransposeOptions, convCall, convTransposeCall } from './arguments.ts';

/** A dense matrix: row-major, [rows, columns]. */
export interface DenseMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array<ArrayBuffer>;
}

/** A convolution's geometry and weights, for one sample. */
export interface ConvMatrixSpec {
  /** Shape of the input without batch: [C, ...spatial]. */
  inputShape: readonly number[];
  /** Weights in the order of `weightShape`. */
  weight: ArrayLike<number>;
  weightShape: readonly number[];
  /** Whether the matrix of the transposed convolution is wanted; default false. */
  transposed?: boolean | undefined;
}

const MOST = 2 ** 24;

/** The matrix C of a convolution, y = C x on flattened tensors: `C[(co,o),(ci,i)] = w[co,ci,t] where i = o*stride - pad + t*dilation`, else 0.
 * Of a transposed convolution: its matrix, the transpose of the convolution's with the same weights and sizes.
 * @param spec `inputShape` [C, ...spatial] with 1 to 3 spatial axes, `weight` and `weightShape`, `transposed` false; and the options of `conv2d` or
 *   `convTranspose2d` without bias and activation, which are not linear in x
 * @returns rows = outputs, columns = inputs
 * @throws UpsampleError `invalid-argument`, also where the matrix would have more than 2^24 entries */
export function convMatrix(
  spec: ConvMatrixSpec &
    Omit<ConvOptions & ConvTransposeOptions, 'activation' | 'negativeSlope' | 'filterLayout'> & {
      filterLayout?: ConvOptions['filterLayout'] | ConvTransposeOptions['filterLayout'] | undefined;
    },
): DenseMatrix {
  const op = 'convMatrix';
  checkObject(op, 'spec', spec, 'inputShape, weight, weightShape, transposed and the options');
  const { inputShape: given, weight, weightShape: shape, transposed: turned, ...options } = spec;
  const [inputShape, weightShape] = [checkShape(op, 'inputShape', given), checkShape(op, 'weightShape', shape)];
  const transposed = flag(op, 'transposed', turned);
  for (const name of ['activation', 'negativeSlope', 'bias']) if (name in options) refuse(op, `${name} is not linear in x`, 'leave it out');
  const x: TensorSpec = { shape: [1, ...inputShape], dtype: 'f32', layout: 'nchw', skew: 0 };
  const w: TensorSpec = { shape: weightShape, dtype: 'f32', layout: 'nchw', skew: 0 };
  if (weight?.length !== product(weightShape))
    refuse(op, `weight has ${weight?.length} elements for shape [${weightShape.join(', ')}]`, `expected ${product(weightShape)}`);
  const spatial = inputShape.length - 1;
  if (spatial < 1 || spatial > 3) refuse(op, `inputShape [${inputShape.join(', ')}] has ${spatial} spatial axes`, 'expected [C, L], [C, H, W] or [C, D, H, W]');
  const call = transposed
    ? convTransposeCall(op, spatial, { x, w, bias: null }, options as ConvTransposeOptions)
    : convCall(op, spatial, { x, w, bias: null }, options as ConvOptions);
  const { geometry: g, filter: f } = call;
  const [D, H, W] = g.axes;
  const rows = product(call.y.shape);
  const columns = product(inputShape);
  if (rows * columns > MOST) refuse(op, `the matrix would have ${rows} x ${columns} entries`, `expected at most ${MOST}`);
  const data = new Float64Array(rows * columns);
  const perSmall = g.smallChannels / g.groups;
  const perLarge = g.largeChannels / g.groups;
  for (let a = 0; a < g.smallChannels; a++)
    for (let b = 0; b < perLarge; b++)
      for (let jd = 0; jd < D.small; jd++)
        for (let jh = 0; jh < H.small; jh++)
          for (let jw = 0; jw < W.small; jw++)
            for (let td = 0; td < D.kernel; td++)
              for (let th = 0; th < H.kernel; th++)
                for (let tw = 0; tw < W.kernel; tw++) {
                  const i = [jd * D.stride - D.pad + td * D.dilation, jh * H.stride - H.pad + th * H.dilation, jw * W.stride - W.pad + tw * W.dilation];
                  if (i.some((n, axis) => n < 0 || n >= g.axes[axis]!.large)) continue;
                  const small = ((a * D.small + jd) * H.small + jh) * W.small + jw;
                  const channel = Math.floor(a / perSmall) * perLarge + b;
                  const large = ((channel * D.large + i[0]!) * H.large + i[1]!) * W.large + i[2]!;
                  const at = a * f.batch + b * f.channel + td * f.axes[0] + th * f.axes[1] + tw * f.axes[2];
                  data[transposed ? large * columns + small : small * columns + large]! += weight[at]!;
                }
  return { rows, columns, data };
}
