import { type Operation, operation } from '../../op.ts';
import type { TensorSpec } from '../../plan.ts';
import {
  backwardCall,
  type InsertOptions,
  type InterpolateOptions,
  insertNdCall,
  interpolateCall,
  type Nearest2dOptions,
  nearest2dCall,
  type ResizeOptions,
  resizeCall,
  type Smooth2dOptions,
  smooth2dCall,
} from './arguments.ts';
import type { ResampleCall } from './call.ts';
import { resamplePlans, selectionPlans, spatialPlans } from './plan.ts';

export type { InsertOptions, InterpolateMode, InterpolateOptions, Nearest2dOptions, PerAxis, ResizeOptions, Size2d, Smooth2dOptions } from './arguments.ts';
export type { Coordinates, Rounding } from './table.ts';

/** Shape of the forward input, for operations that go backwards: several inputs map to one output size. */
export interface Backward {
  /** [N, C, ...spatial] of the forward input. */
  inputShape: readonly number[];
}

type Plans = typeof resamplePlans;
type Insert = Operation<[options?: InsertOptions], InsertOptions>;
type Check<O> = (op: string, x: TensorSpec, options: O) => ResampleCall;

const forward = <O extends object>(op: string, check: Check<O>, plans: Plans = spatialPlans): Operation<[options: O], O> =>
  operation(
    op,
    (name: string, x: TensorSpec, options: O = {} as O) => check(name, x, options), // left out, the sentence says what is missing
    plans,
    (options: O): [O] => [options],
  );

const inserting = (op: string, check: Check<InsertOptions>): Insert =>
  operation<[options?: InsertOptions], InsertOptions, ResampleCall>(
    op,
    (name, x, options = {}) => check(name, x, options),
    selectionPlans,
    (options): [InsertOptions] => [options],
  );

const backward = <O extends object, Rest extends [inputShape: readonly number[], options?: O] = [inputShape: readonly number[], options: O]>(
  op: string,
  check: Check<O>,
  plans: Plans = spatialPlans,
): Operation<Rest, O & Backward> =>
  operation(
    op,
    (name: string, dy: TensorSpec, inputShape: readonly number[], options: O = {} as O) => backwardCall(name, dy, inputShape, (x) => check(name, x, options)),
    plans,
    ({ inputShape, ...options }: O & Backward): [readonly number[], O] => [inputShape, options as unknown as O],
  ) as unknown as Operation<Rest, O & Backward>;

/** `y[n,c,o] = sum over i of w[o,i] * x[n,c,i]`, per spatial axis; the weights follow from the mode and the sizes.
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W]; f32 or f16, for the nearest modes any dtype
 * @param options `mode` `'nearest'` (default: floor of the scaled index), `'nearest-exact'` (nearest centre), `'linear'` (rank 3), `'bilinear'`, `'bicubic'` (rank 4,
 *   a = -0.75), `'trilinear'` (rank 5), `'area'`, and the filters `'lanczos3'`, `'lanczos5'`, `'mitchell'`, `'gaussian'`; exactly one of `size` and `scaleFactor`;
 *   `alignCorners` false, `antialias` false, `recomputeScaleFactor` false, `indexRule` `'exact'`. Half-pixel centres unless `alignCorners`. With `size` coordinates
 *   use the ratio of sizes, with `scaleFactor` the factor: values differ where the size was rounded.
 * @returns [N, C, ...size], in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch F.interpolate; filters TensorFlow ScaleAndTranslate. */
export const interpolate: Operation<[options: InterpolateOptions], InterpolateOptions> = /*#__PURE__*/ forward('interpolate', interpolateCall);

/** `dx[n,c,i] = sum over o of w[o,i] * dy[n,c,o]`: the transpose of `interpolate`, the gradient of its input. Deterministic.
 * @param dy gradient of the result, f32 or f16
 * @param inputShape shape of the forward input
 * @param options as given to `interpolate`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `interpolate` */
export const interpolateBackward: Operation<[inputShape: readonly number[], options: InterpolateOptions], InterpolateOptions & Backward> =
  /*#__PURE__*/ backward('interpolateBackward', interpolateCall);

/** `y[o] = sum over i of w[o,i] * x[i]` along each of `axes`, in ONNX's words.
 * @param x any shape; f32 or f16, for mode nearest any dtype
 * @param options ONNX's attributes in camelCase with ONNX's strings as values and ONNX's defaults: `mode` `'nearest'`, `coordinateTransformationMode`
 *   `'half_pixel'`, `nearestMode` `'round_prefer_floor'`, `cubicCoeffA` -0.75, `excludeOutside` false, `antialias` false, `keepAspectRatioPolicy` `'stretch'`,
 *   `extrapolationValue` 0, `fractionalCorners` false (with `align_corners` and `scales`: whether the last sample lies at scale*size, not rounded); `axes` all; exactly
 *   one of `sizes` in elements and `scales`, one number an entry of `axes`; `roi` for `tf_crop_and_resize`. An option that could not act is refused.
 * @returns x resized, in its layout and dtype
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: ONNX Resize-19, ONNX Runtime where the text is silent. */
export const resize: Operation<[options: ResizeOptions], ResizeOptions> = /*#__PURE__*/ forward('resize', resizeCall, resamplePlans);

/** `dx[i] = sum over o of w[o,i] * dy[o]`: the transpose of `resize`. Outputs outside a crop region give no gradient.
 * @param dy gradient of the result, f32 or f16
 * @param inputShape shape of the forward input
 * @param options as given to `resize`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `resize` */
export const resizeBackward: Operation<[inputShape: readonly number[], options: ResizeOptions], ResizeOptions & Backward> = /*#__PURE__*/ backward(
  'resizeBackward',
  resizeCall,
  resamplePlans,
);

/** `y[n,c,i,j] = x[n,c,floor(i*H/outH),floor(j*W/outW)]`: `interpolate` with mode nearest, or nearest-exact.
 * @param x [N, C, H, W], any dtype
 * @param options exactly one of `size` in elements and `scaleFactor`, one number or [height, width]; `exact` false: whether the nearest centre is taken
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `interpolate` */
export const nearest2d: Operation<[options: Nearest2dOptions], Nearest2dOptions> = /*#__PURE__*/ forward('nearest2d', nearest2dCall, selectionPlans);
/** The gradient of `nearest2d`: each input gets the sum of its copies' gradients. Arguments as `interpolateBackward`. */
export const nearest2dBackward: Operation<[inputShape: readonly number[], options: Nearest2dOptions], Nearest2dOptions & Backward> = /*#__PURE__*/ backward(
  'nearest2dBackward',
  nearest2dCall,
);

/** `interpolate` with mode bilinear.
 * @param x [N, C, H, W], f32 or f16
 * @param options exactly one of `size` in elements and `scaleFactor`, one number or [height, width]; `alignCorners` false, `antialias` false
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `interpolate` */
export const bilinear2d: Operation<[options: Smooth2dOptions], Smooth2dOptions> = /*#__PURE__*/ forward('bilinear2d', /*#__PURE__*/ smooth2dCall('bilinear'));
/** The gradient of `bilinear2d`. Arguments as `interpolateBackward`. */
export const bilinear2dBackward: Operation<[inputShape: readonly number[], options: Smooth2dOptions], Smooth2dOptions & Backward> = /*#__PURE__*/ backward(
  'bilinear2dBackward',
  /*#__PURE__*/ smooth2dCall('bilinear'),
);

/** `interpolate` with mode bicubic: a = -0.75, with antialias -0.5. Results overshoot the range of x.
 * @param x [N, C, H, W], f32 or f16
 * @param options exactly one of `size` in elements and `scaleFactor`, one number or [height, width]; `alignCorners` false, `antialias` false
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `interpolate` */
export const bicubic2d: Operation<[options: Smooth2dOptions], Smooth2dOptions> = /*#__PURE__*/ forward('bicubic2d', /*#__PURE__*/ smooth2dCall('bicubic'));
/** The gradient of `bicubic2d`. Arguments as `interpolateBackward`. */
export const bicubic2dBackward: Operation<[inputShape: readonly number[], options: Smooth2dOptions], Smooth2dOptions & Backward> = /*#__PURE__*/ backward(
  'bicubic2dBackward',
  /*#__PURE__*/ smooth2dCall('bicubic'),
);

type InsertBackward = Operation<[inputShape: readonly number[], options?: InsertOptions], InsertOptions & Backward>;

/** `bedOfNails2d` along L: `y[n,c,i*stride + offset] = x[n,c,i]`, 0 elsewhere. Arguments as `bedOfNails2d`, with x [N, C, L]. */
export const bedOfNails1d: Insert = /*#__PURE__*/ inserting('bedOfNails1d', /*#__PURE__*/ insertNdCall(1, true));
/** `y[n,c,i*stride + offset,j*stride + offset] = x[n,c,i,j]`, 0 elsewhere: each element at one place of its own cell of stride x stride outputs.
 * @param x [N, C, H, W], any dtype
 * @param options in elements, one number or one an axis: `stride` 2, `offset` 0 (below stride), `outputSize` size*stride, or any that holds the last element
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `interpolate`
 * Source: the bed-of-nails unpooling of fully convolutional decoders. */
export const bedOfNails2d: Insert = /*#__PURE__*/ inserting('bedOfNails2d', /*#__PURE__*/ insertNdCall(2, true));
/** `bedOfNails2d` along D, H and W. Arguments as `bedOfNails2d`, with x [N, C, D, H, W]. */
export const bedOfNails3d: Insert = /*#__PURE__*/ inserting('bedOfNails3d', /*#__PURE__*/ insertNdCall(3, true));
/** The gradient of `bedOfNails1d`. Arguments as `bedOfNails2dBackward`. */
export const bedOfNails1dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails1dBackward', /*#__PURE__*/ insertNdCall(1, true), selectionPlans);
/** `dx[n,c,i,j] = dy[n,c,i*stride + offset,j*stride + offset]`: the gradient of `bedOfNails2d`, a strided slice.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param inputShape shape of the forward input, [N, C, H, W]
 * @param options as given to `bedOfNails2d`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `interpolate` */
export const bedOfNails2dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails2dBackward', /*#__PURE__*/ insertNdCall(2, true), selectionPlans);
/** The gradient of `bedOfNails3d`. Arguments as `bedOfNails2dBackward`. */
export const bedOfNails3dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails3dBackward', /*#__PURE__*/ insertNdCall(3, true), selectionPlans);

/** `zeroInsert2d` along L: `y[n,c,i*stride + offset] = x[n,c,i]`, 0 elsewhere. Arguments as `zeroInsert2d`, with x [N, C, L]. */
export const zeroInsert1d: Insert = /*#__PURE__*/ inserting('zeroInsert1d', /*#__PURE__*/ insertNdCall(1, false));
/** `y[n,c,i*stride + offset,j*stride + offset] = x[n,c,i,j]`, 0 elsewhere: stride-1 zeros between neighbours, the first half of a transposed convolution.
 * @param x [N, C, H, W], any dtype
 * @param options in elements, one number or one an axis: `stride` 2, `offset` 0 (zeros before), `outputSize` offset + (size-1)*stride + 1 (more: zeros behind)
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `interpolate`
 * Source: arXiv:1603.07285, zeros between input units. */
export const zeroInsert2d: Insert = /*#__PURE__*/ inserting('zeroInsert2d', /*#__PURE__*/ insertNdCall(2, false));
/** `zeroInsert2d` along D, H and W. Arguments as `zeroInsert2d`, with x [N, C, D, H, W]. */
export const zeroInsert3d: Insert = /*#__PURE__*/ inserting('zeroInsert3d', /*#__PURE__*/ insertNdCall(3, false));
/** The gradient of `zeroInsert1d`. Arguments as `zeroInsert2dBackward`. */
export const zeroInsert1dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert1dBackward', /*#__PURE__*/ insertNdCall(1, false), selectionPlans);
/** `dx[n,c,i,j] = dy[n,c,i*stride + offset,j*stride + offset]`: the gradient of `zeroInsert2d`, a strided slice.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param inputShape shape of the forward input, [N, C, H, W]
 * @param options as given to `zeroInsert2d`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `interpolate` */
export const zeroInsert2dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert2dBackward', /*#__PURE__*/ insertNdCall(2, false), selectionPlans);
/** The gradient of `zeroInsert3d`. Arguments as `zeroInsert2dBackward`. */
export const zeroInsert3dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert3dBackward', /*#__PURE__*/ insertNdCall(3, false), selectionPlans);
