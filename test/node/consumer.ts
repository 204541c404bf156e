// What strict TypeScript must accept of the public types, and what it must refuse: never run. types.test.ts compiles it against the published declarations.

import type { ImageSource } from '../../src/image/index.ts';
import { fromImage, toCanvas } from '../../src/image/index.ts';
import {
  avgPool2d,
  bedOfNails2dBackward,
  type Context,
  type ContextOptions,
  type Coordinates,
  conv2d,
  conv2dBackward,
  convTranspose2d,
  createContext,
  type FoldOptions,
  gridSampleBackward,
  interpolate,
  maxPool2d,
  type OutputSpec,
  type PerAxis,
  type Prepared,
  pixelShuffle,
  type Rounding,
  resize,
  resizeConv2d,
  Tensor,
  tune,
  zeroInsert1dBackward,
} from '../../src/index.ts';
import { loadSafetensors } from '../../src/io/index.ts';
import {
  adam,
  add,
  batchNorm,
  batchNormBackward,
  crossEntropy,
  type DropoutOptions,
  dropout,
  type FoldNormOptions,
  foldBatchNorm,
  groupNorm,
  groupNormBackward,
  heNormal,
  linear,
  linearBackward,
  matmulBackward,
  mse,
  mseBackward,
  mulBackward,
  prelu,
  preluBackward,
  slice,
} from '../../src/nn/index.ts';
import * as reference from '../../src/reference.ts';

const some = { shape: [1, 2, 4, 4] };
const list = { shape: [2] };
const plain = { data: [1, 2, 3, 4], shape: [1, 1, 2, 2] };
const made = (..._: (Tensor | reference.PlainResult)[]) => {};

export async function tuning(ctx: Context, weight: Tensor) {
  const spec = { shape: [1, 8, 32, 32], weight, padding: 1 };
  const { plan } = await tune(ctx, conv2d, spec);
  await tune(ctx, convTranspose2d, { ...spec, stride: 2 });
  await tune(ctx, conv2dBackward, { ...spec, gradients: ['dx'] });
  // @ts-expect-error no such option
  await tune(ctx, conv2d, { ...spec, paddin: 1 });
  return plan.length;
}

export async function encoding(ctx: Context, encoder: GPUCommandEncoder, t: Tensor, buffer: GPUBuffer) {
  const up: Prepared = await interpolate.prepare(ctx, { ...some, scaleFactor: 2 });
  up.encode(encoder, { input: t, output: buffer });
  // @ts-expect-error output is missing
  up.encode(encoder, { input: t });
  // @ts-expect-error no such tensor
  up.encode(encoder, { input: t, output: t, outputs: t });

  const pool = await maxPool2d.prepare(ctx, { ...some, kernelSize: 2 });
  pool.encode(encoder, { input: t, output: t });
  // @ts-expect-error none are made
  pool.encode(encoder, { input: t, output: t, indices: t });
  const places = await maxPool2d.prepare(ctx, { ...some, kernelSize: 2, returnIndices: true });
  places.encode(encoder, { input: t, output: t, indices: t });
  // @ts-expect-error indices are missing
  places.encode(encoder, { input: t, output: t });
  const open = await maxPool2d.prepare(ctx, { ...some, kernelSize: 2, returnIndices: ctx.isSoftware });
  open.encode(encoder, { input: t, output: t });
  open.encode(encoder, { input: t, output: t, indices: t });
  // @ts-expect-error no such tensor
  open.encode(encoder, { input: t, output: t, index: t });

  (await add.prepare(ctx, { a: some, b: 2 })).encode(encoder, { a: t, output: t });
  (await add.prepare(ctx, { a: some, b: some })).encode(encoder, { a: t, b: t, output: t });
  // @ts-expect-error no such tensor
  (await add.prepare(ctx, { a: some, b: 2 })).encode(encoder, { a: t, c: t, output: t });
  (await mse.prepare(ctx, { x: some, target: 0 })).encode(encoder, { x: t, output: t });
  // @ts-expect-error output is missing
  (await mse.prepare(ctx, { x: some, target: some })).encode(encoder, { x: t, target: t });
  (await crossEntropy.prepare(ctx, { x: some, labels: some })).encode(encoder, { x: t, labels: t, output: t });
  (await crossEntropy.prepare(ctx, { x: some, labels: some, weight: list })).encode(encoder, { x: t, labels: t, weight: t, output: t });
  (await mseBackward.prepare(ctx, { dy: list, x: some, target: 1 })).encode(encoder, { dy: t, x: t, dx: t });
  const both = await mseBackward.prepare(ctx, { dy: list, x: some, target: some, gradients: ['dx', 'dtarget'] });
  both.encode(encoder, { dy: t, x: t, target: t, dx: t, dtarget: t });
  // @ts-expect-error dtarget is missing
  both.encode(encoder, { dy: t, x: t, target: t, dx: t });
  (await mulBackward.prepare(ctx, { dy: some, a: some, b: 3 })).encode(encoder, { dy: t, a: t, da: t });
  (await mulBackward.prepare(ctx, { dy: some, a: some, b: some })).encode(encoder, { dy: t, a: t, b: t, da: t, db: t });
  // @ts-expect-error b and db are missing
  (await mulBackward.prepare(ctx, { dy: some, a: some, b: some })).encode(encoder, { dy: t, a: t, da: t });
  (await preluBackward.prepare(ctx, { dy: some, x: some, w: list, gradients: ['dx'] })).encode(encoder, { dy: t, x: t, w: t, dx: t });

  const norm = await batchNorm.prepare(ctx, { x: some, training: true });
  norm.encode(encoder, { x: t, output: t });
  norm.encode(encoder, { x: t, output: t, weight: t, bias: t, runningMean: t, runningVar: t });
  // @ts-expect-error no such tensor
  norm.encode(encoder, { x: t, output: t, gamma: t });
  // @ts-expect-error x is missing
  norm.encode(encoder, { output: t });
  (await groupNorm.prepare(ctx, { x: some, groups: 2, weight: list })).encode(encoder, { x: t, weight: t, output: t });
  // @ts-expect-error it has no running statistics
  (await groupNorm.prepare(ctx, { x: some, groups: 2 })).encode(encoder, { x: t, output: t, runningMean: t });
  const back = await batchNormBackward.prepare(ctx, { dy: some, x: some, training: true });
  back.encode(encoder, { dy: t, x: t, dx: t });
  // @ts-expect-error dx is missing
  back.encode(encoder, { dy: t, x: t });
  (await batchNormBackward.prepare(ctx, { dy: some, x: some, training: true, gradients: ['db'] })).encode(encoder, { dy: t, x: t, db: t });
  (await linear.prepare(ctx, { x: list, w: some })).encode(encoder, { x: t, w: t, output: t });
  (await linear.prepare(ctx, { x: list, w: some, bias: list })).encode(encoder, { x: t, w: t, bias: t, output: t });
  (await linearBackward.prepare(ctx, { dy: list, x: list, w: some })).encode(encoder, { dy: t, x: t, w: t, dx: t, dw: t });
  // @ts-expect-error no such tensor
  (await linearBackward.prepare(ctx, { dy: list, x: list, w: some })).encode(encoder, { dy: t, x: t, w: t, dx: t, dw: t, dbias: t });
  (await matmulBackward.prepare(ctx, { dy: some, a: some, b: some, gradients: ['da'] })).encode(encoder, { dy: t, a: t, b: t, da: t });
}

export function gradients(t: Tensor, maybe: Tensor | undefined, factor: Tensor | number) {
  const loss = mseBackward(t, t, t);
  made(loss.dx, mseBackward(t, t, 0, { reduction: 'sum', gradients: undefined }).dx);
  // @ts-expect-error not made by default
  made(loss.dtarget);
  const { dx, dtarget } = mseBackward(t, t, t, { gradients: ['dx', 'dtarget'] });
  made(dx, dtarget);
  // @ts-expect-error not asked for
  made(mseBackward(t, t, t, { gradients: ['dtarget'] }).dx);
  // @ts-expect-error no such gradient
  mseBackward(t, t, t, { gradients: ['dy'] });

  made(batchNormBackward(t, t, { training: true }).dx, groupNormBackward(t, t, { groups: 2 }).dx);
  // @ts-expect-error there is no weight
  made(batchNormBackward(t, t, { training: true }).dw);
  made(batchNormBackward(t, t, { training: true, weight: t }).dw, groupNormBackward(t, t, { groups: 2, weight: t, bias: t }).db);
  // @ts-expect-error there may be no bias
  made(groupNormBackward(t, t, { groups: 2, bias: maybe }).db);
  made(batchNormBackward(t, t, { gradients: ['db'] }).db);
  // @ts-expect-error no such option
  batchNormBackward(t, t, { train: true });

  const { dx: dFeatures, dw } = linearBackward(t, t, t);
  made(dFeatures, dw, linearBackward(t, t, t, { bias: t }).db, linearBackward(t, t, t, { gradients: ['db'] }).db);
  // @ts-expect-error there is no bias
  made(linearBackward(t, t, t).db);

  made(mulBackward(t, t, t).da, mulBackward(t, t, t).db, mulBackward(t, t, 2).da, preluBackward(t, t, t).dw);
  // @ts-expect-error of a number there is no gradient
  made(mulBackward(t, t, 2).db);
  // @ts-expect-error of a number there is no gradient
  mulBackward(t, t, 2, { gradients: ['db'] });
  // @ts-expect-error there may be none
  made(mulBackward(t, t, factor).db);
  // @ts-expect-error not asked for
  made(preluBackward(t, t, t, { gradients: ['dx'] }).dw);
  made(conv2dBackward(t, t, t).db, gridSampleBackward(t, t, t, { gradients: ['dgrid'] }).dgrid);

  made(reference.mseBackward(plain, plain, 0).dx, reference.linearBackward(plain, plain, plain, { bias: plain }).db);
  // @ts-expect-error not made by default
  made(reference.mseBackward(plain, plain, plain).dtarget);
  // @ts-expect-error there is no bias
  made(reference.linearBackward(plain, plain, plain).db);
  // @ts-expect-error there is no weight
  made(reference.batchNormBackward(plain, plain, { training: true }).dw);
  // @ts-expect-error of a number there is no gradient
  made(reference.mulBackward(plain, plain, 2).db);
  // @ts-expect-error not asked for
  made(reference.conv2dBackward(plain, plain, plain, { gradients: ['dx'] }).dw);
}

export async function leftOut(ctx: Context, t: Tensor, source: ImageSource, canvas: OffscreenCanvas) {
  const of: ContextOptions = { gpu: undefined, powerPreference: undefined, f16: undefined, limits: { maxBufferSize: undefined } };
  await createContext(of);
  ctx.tensor([1], [1], { dtype: undefined, layout: undefined });
  interpolate(t, { mode: undefined, size: undefined, scaleFactor: 2, alignCorners: undefined, antialias: undefined, indexRule: undefined });
  resize(t, { scales: [2], axes: undefined, coordinateTransformationMode: undefined, nearestMode: undefined, roi: undefined });
  conv2d(t, t, { stride: undefined, padding: undefined, activation: undefined, bias: undefined, filterLayout: undefined });
  convTranspose2d(t, t, { outputPadding: undefined, outputSize: undefined, groups: undefined });
  pixelShuffle(t, { upscaleFactor: 2, order: undefined });
  slice(t, { start: undefined, size: undefined, axes: undefined });
  mse(t, t, { reduction: undefined });
  crossEntropy(t, t, { ignoreIndex: undefined, weight: undefined });
  batchNorm(t, { training: undefined, momentum: undefined, eps: undefined, weight: undefined });
  matmulBackward(t, t, t, { transposeA: undefined, gradients: undefined });
  dropout(t, { seed: 1, p: undefined });
  heNormal(ctx, [1, 1], { fan: undefined, random: undefined, dtype: undefined });
  adam([t], { lr: undefined, betas: undefined, weightDecay: undefined });
  fromImage(ctx, source, { layout: undefined, channels: undefined, mean: undefined, alpha: undefined });
  toCanvas(t, canvas, { mean: undefined, std: undefined, alpha: undefined });
  await loadSafetensors(ctx, '', { only: undefined, dtype: undefined, lossy: undefined });
  reference.conv2d({ ...plain, layout: undefined, dtype: undefined }, plain, { stride: undefined });
}

/** Every type that a signature shows has a name. */
export interface Named {
  readonly dropout: DropoutOptions;
  readonly output: OutputSpec;
  readonly axis: PerAxis;
  readonly where: Coordinates;
  readonly round: Rounding;
  readonly fold: FoldOptions;
  readonly norm: FoldNormOptions;
}
export const folded = (w: Tensor, norm: { runningMean: Tensor; runningVar: Tensor }, { norm: options, fold }: Named) => {
  reference.fold(plain, fold);
  return foldBatchNorm(w, undefined, norm, options);
};

export function required(t: Tensor) {
  bedOfNails2dBackward(t, [1, 1, 2, 2]);
  zeroInsert1dBackward(t, [1, 1, 2], { stride: 3 });
  reference.bedOfNails2d(plain);
  reference.zeroInsert2dBackward(plain, [1, 1, 1, 1]);
  // @ts-expect-error options are missing
  interpolate(t);
  // @ts-expect-error options are missing
  avgPool2d(t);
  // @ts-expect-error options are missing
  resizeConv2d(t, t);
  // @ts-expect-error options are missing
  groupNorm(t);
  // @ts-expect-error options are missing
  reference.interpolate(plain);
  // @ts-expect-error options are missing
  reference.resize(plain);
  // @ts-expect-error options are missing
  reference.interpolateBackward(plain, [1, 1, 1, 1]);
  // @ts-expect-error options are missing
  reference.avgPool2d(plain);
  // @ts-expect-error options are missing
  reference.pixelShuffle(plain);
  // @ts-expect-error options are missing
  reference.unfold(plain);
  // @ts-expect-error options are missing
  reference.resizeConv2d(plain, plain);
  // @ts-expect-error options are missing
  reference.groupNorm(plain);
  // @ts-expect-error no such option
  interpolate(t, { size: 2, alignCorner: true });
  // @ts-expect-error w is missing
  prelu(t);
}

export function tensors(value: unknown): readonly number[] {
  // @ts-expect-error made by ctx.tensor alone
  new Tensor();
  // @ts-expect-error made by ctx.tensor alone
  new Tensor([1], [1]);
  return value instanceof Tensor ? value.shape : [];
}
