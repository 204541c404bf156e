import fold from '../../../shaders/norm/fold.wgsl';
import { UpsampleError } from '../../check.ts';
import { checkTensor, eager } from '../../op.ts';
import { type Adapter, BYTES, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { dispatches } from '../slices.ts';
import { checkNorm, type FoldCall, type FoldedNorm, type FoldNormOptions, foldCall, list, named } from './fold_call.ts';

function foldPlan({ op, specs, eps, axes, channels }: FoldCall, adapter: Adapter): Plan {
  const { limits } = adapter;
  const { w, bias, runningMean, runningVar, gamma, beta } = specs as Record<string, TensorSpec> & {
    w: TensorSpec;
    runningMean: TensorSpec;
    runningVar: TensorSpec;
  };
  const bytes = (product(w.shape) + w.skew) * BYTES[w.dtype];
  if (bytes > limits.binding)
    throw new UpsampleError('limit-exceeded', op, `weight ${list(w.shape)} needs ${bytes} bytes; the device allows bindings of ${limits.binding}`);
  const given = (t: TensorSpec | undefined) => Number(!!t);
  const common = {
    ...{ eps, biased: given(bias), scaled: given(gamma), shifted: given(beta), mean_at: runningMean.skew, variance_at: runningVar.skew },
    ...{ gamma_at: gamma?.skew ?? 0, beta_at: beta?.skew ?? 0 },
  };
  const bind = { mean: 'runningMean', variance: 'runningVar', gamma: gamma ? 'gamma' : 'runningVar', beta: beta ? 'beta' : 'runningVar' };
  const types = { real_w: w.dtype, real_gamma: gamma?.dtype ?? 'f32', real_beta: beta?.dtype ?? 'f32' };
  const steps = (BIAS: 0 | 1, count: number, from: string, at: number, to: string, of: FoldCall['axes']): Step[] =>
    dispatches(
      {
        kernel: fold,
        types,
        constants: { BIAS },
        params: { ...common, ...of, w_at: at },
        bind: { ...bind, w: from, y: to },
        count,
      },
      adapter,
    );
  const flat = { out_size: channels, out_step: 1, in_size: 1, in_step: 1, per_group: 1 };
  return {
    name: 'fold',
    why: 'one element at a time',
    outputs: { weight: { ...w, skew: 0 }, bias_: { shape: [channels], dtype: w.dtype, layout: 'nchw', skew: 0 } },
    scratch: {},
    tables: {},
    steps: [...steps(0, product(w.shape), 'w', w.skew, 'weight', axes), ...steps(1, channels, bias ? 'bias' : 'w', bias?.skew ?? 0, 'bias_', flat)],
  };
}

/** The filter and bias of a convolution that does what a convolution and the batch norm after it do, at inference:
 * `w'[c] = w[c] * s[c]`, `bias'[c] = (bias[c] - mean[c]) * s[c] + beta[c]`, with `s = weight/sqrt(var + eps)` for each output channel c. Fold once, then call the convolution
 * with both; its activation is the one after the norm. The reference of the same name folds in float64.
 * @param w filter of a convolution or a transposed one, f32 or f16
 * @param bias [outChannels], or undefined
 * @param norm `runningMean`, `runningVar` of f32, `weight` 1, `bias` 0, [outChannels]; `eps` 1e-5
 * @param options `transposed` false, its `groups` 1, `filterLayout` `'oihw'`, transposed `'iohw'`
 * @returns `{ weight, bias }`, in the dtype of w
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch torch.nn.utils.fuse_conv_bn_weights. */
export function foldBatchNorm(w: Tensor, bias: Tensor | undefined, norm: FoldedNorm, options: FoldNormOptions = {}): { weight: Tensor; bias: Tensor } {
  const op = 'foldBatchNorm';
  checkTensor(op, 'weight', w);
  w.ctx.alive(op);
  checkNorm(op, norm);
  const tensors = named(w, bias, { ...norm, runningMean: norm.runningMean ?? null, runningVar: norm.runningVar ?? null });
  for (const [name, t] of Object.entries(tensors)) checkTensor(op, name, t, w.ctx);
  const specs = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.spec]));
  const call = foldCall(op, specs, norm.eps, options);
  return eager(
    op,
    [w, bias, norm, options],
    tensors,
    call,
    () => foldPlan(call, w.ctx.adapter),
    (outputs) => ({ weight: outputs['weight']!, bias: outputs['bias_']! }),
  );
}
