import affine from '../../../shaders/norm/affine.wgsl';
import apply from '../../../shaders/norm/apply.wgsl';
import back from '../../../shaders/norm/back.wgsl';
import share from '../../../shaders/norm/share.wgsl';
import slopes from '../../../shaders/norm/slopes.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { checkBuffers, dispatches, type Work } from '../slices.ts';
import { lengthOf, type NormCall, shareOf, viewOf } from './call.ts';
import { batches, type How, statistics, sums } from './statistics.ts';

/** Rows of coefficients: one a sample, or one for all. */
const rowsOf = ({ kind, x }: NormCall) => (kind === 'batch' ? 1 : x.shape[0]!);

/** A tensor of one number a channel as kernels take it; where there is none, any of f32 will do. */
const channelwise = (name: string, t: TensorSpec | null) => ({ bind: t ? name : 'stats', dtype: t?.dtype ?? 'f32', given: Number(!!t), at: t?.skew ?? 0 });

/** coef = (mean, scale, shift), or with `linear` the scale alone. */
function coefficients(call: NormCall, linear: boolean, adapter: Adapter): Step[] {
  const [w, b] = [channelwise('weight', call.weight), channelwise('bias', call.bias)];
  const channels = call.x.shape[1]!;
  const work: Work = {
    kernel: affine,
    types: { real_w: w.dtype, real_b: b.dtype },
    constants: { LINEAR: Number(linear) },
    params: { channels, share: shareOf(call), eps: call.eps, weight: w.given, bias: b.given, w_at: w.at, b_at: b.at },
    bind: { stats: 'stats', w: w.bind, b: b.bind, coef: 'coef' },
    count: rowsOf(call) * channels,
  };
  return dispatches(work, adapter);
}

/** coef = (mean, scale, slope, shift) of the gradient through the statistics. */
function gradientCoefficients(call: NormCall, adapter: Adapter): Step[] {
  const w = channelwise('weight', call.weight);
  const channels = call.x.shape[1]!;
  const work: Work = {
    kernel: slopes,
    types: { real_w: w.dtype },
    constants: {},
    params: { channels, share: shareOf(call), eps: call.eps, each: 1 / lengthOf(call), weight: w.given, w_at: w.at },
    bind: { stats: 'stats', total: 'total', w: w.bind, coef: 'coef' },
    count: rowsOf(call) * channels,
  };
  return dispatches(work, adapter, 1e9 / shareOf(call));
}

/** Whether four neighbours share what they need. */
function unitOf(call: NormCall, tensors: readonly TensorSpec[]): 1 | 4 {
  const { last, channels, positions } = viewOf(call.x);
  return (last ? channels : positions) % 4 === 0 && tensors.every((t) => t.skew % 4 === 0) ? 4 : 1;
}

/** One pass over the elements: `apply` reads x, `back` x and dy. */
function pass(kernel: typeof apply, call: NormCall, names: Readonly<Record<string, readonly [string, TensorSpec]>>, unit: 1 | 4, adapter: Adapter): Step[] {
  const { last, channels, positions } = viewOf(call.x);
  const inner = last ? unit : 1;
  const vec = (type: string, n: number) => (n === 4 ? `vec4<${type}>` : type);
  const tensors = Object.fromEntries(Object.values(names));
  return batches(call.op, tensors, adapter).flatMap((run) => {
    const at = (variable: string) => (names[variable] ? run.at[names[variable][0]]! / unit : 0);
    const rows = rowsOf(call);
    // Coefficients of a run's first sample: they are bound whole, and shifted.
    const row = rows === 1 ? 0 : channels / inner;
    const work: Work = {
      kernel,
      types: { real_x: vec(call.x.dtype, unit), lanes: vec('f32', unit), coef_type: vec('f32', inner) },
      constants: { LAST: Number(last) },
      params: {
        ...{ channels: channels / inner, positions: last ? positions : positions / unit, row, first: run.first * row, plane: (rows * channels) / inner },
        ...{ x_at: at('x'), dy_at: at('dy'), y_at: at('y') + at('dx') },
      },
      bind: { ...Object.fromEntries(Object.entries(names).map(([variable, [name]]) => [variable, run.bind[name]!])), coef: 'coef' },
      count: (run.count * channels * positions) / unit,
    };
    return dispatches(work, adapter);
  });
}

/** dw or db of the sums over rows. */
const shared = (call: NormCall, name: 'dw' | 'db', dtype: string, rows: number, adapter: Adapter): Step[] =>
  dispatches(
    {
      kernel: share,
      types: { real_w: dtype },
      constants: { BIAS: Number(name === 'db') },
      params: { rows },
      bind: { total: 'total', dw: name },
      count: call.x.shape[1]!,
    },
    adapter,
    1e9 / Math.max(rows, 1),
  );

const WAYS: Record<How, string> = {
  invocations: 'statistics of a chunk by one invocation each',
  workgroups: 'statistics of a chunk by one workgroup each, through its memory',
};

/** The product of ways to sum and ways to pass over the elements, best first. */
function plansOf(
  call: NormCall,
  outputs: Plan['outputs'],
  summed: boolean,
  tensors: readonly TensorSpec[],
  adapter: Adapter,
  make: (how: How, unit: 1 | 4) => Step[],
  scratch: (how: How) => Plan['scratch'],
): Plan[] {
  const { limits } = adapter;
  checkBuffers(call.op, outputs, adapter);
  const hows: How[] = adapter.software ? ['invocations', 'workgroups'] : ['workgroups', 'invocations'];
  const units = unitOf(call, tensors) === 4 ? ([4, 1] as const) : ([1] as const);
  return units.flatMap((unit) =>
    (summed ? hows : hows.slice(0, 1)).map((how): Plan => {
      const made = scratch(how);
      for (const [name, bytes] of Object.entries(made))
        if (bytes > limits.binding)
          throw new UpsampleError('limit-exceeded', call.op, `${name} needs ${bytes} bytes; the device allows bindings of ${limits.binding}`);
      const names = [...(summed ? [how] : []), unit === 4 ? 'vec4' : 'plain'];
      const why = [...(summed ? [WAYS[how]] : []), unit === 4 ? 'four elements at a time' : 'one element at a time'].join('; ');
      return { name: names.join(' '), why, outputs, scratch: made, tables: {}, steps: make(how, unit) };
    }),
  );
}

const empty = (outputs: Plan['outputs'], steps: readonly Step[] = [], scratch: Plan['scratch'] = {}): Plan[] => [
  { name: 'empty', why: 'nothing to compute', outputs, scratch, tables: {}, steps },
];
const fresh = (t: TensorSpec): TensorSpec => ({ ...t, skew: 0 });

/** Every admissible plan of a forward call, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function normPlans(call: NormCall, adapter: Adapter): Plan[] {
  const { x, runningMean, runningVar } = call;
  const y = fresh(x);
  const outputs = { output: y, ...(call.moves && { runningMean: runningMean!, runningVar: runningVar! }) };
  if (product(x.shape) === 0) return empty(outputs);
  const coef = 4 * 3 * rowsOf(call) * x.shape[1]!;
  return plansOf(
    call,
    outputs,
    call.own,
    [x],
    adapter,
    (how, unit) => [
      ...statistics(call, how, adapter).steps,
      ...coefficients(call, false, adapter),
      ...pass(apply, call, { x: ['x', x], y: ['output', y] }, unit, adapter),
    ],
    (how) => ({ ...statistics(call, how, adapter).scratch, coef }),
  );
}

/** Every admissible plan of a backward call, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function normBackwardPlans(call: NormCall, adapter: Adapter): Plan[] {
  const { x, weight, bias, gradients, own } = call;
  const dy = call.dy!;
  const channels = x.shape[1]!;
  const flat = (t: TensorSpec | null): TensorSpec => ({ shape: [channels], dtype: t?.dtype ?? x.dtype, layout: 'nchw', skew: 0 });
  const all: Record<string, TensorSpec> = { dx: fresh(x), dw: flat(weight), db: flat(bias) };
  const outputs = Object.fromEntries(gradients.map((g) => [g, all[g]!]));
  const parameters = gradients.filter((g) => g !== 'dx');
  const shares = (rows: number) => parameters.flatMap((g) => shared(call, g as 'dw' | 'db', all[g]!.dtype, rows, adapter));
  if (product(x.shape) === 0) return empty(outputs, shares(0), { total: 8 });
  const dx = gradients.includes('dx');
  const summed = parameters.length > 0 || (dx && own);
  return plansOf(
    call,
    outputs,
    summed,
    [x, dy],
    adapter,
    (how, unit) => [
      ...statistics(call, how, adapter).steps,
      ...(summed ? sums(call, how, adapter).steps : []),
      ...shares(rowsOf(call)),
      ...(dx && own
        ? [...gradientCoefficients(call, adapter), ...pass(back, call, { x: ['x', x], dy: ['dy', dy], dx: ['dx', all['dx']!] }, unit, adapter)]
        : []),
      ...(dx && !own ? [...coefficients(call, true, adapter), ...pass(apply, call, { x: ['dy', dy], y: ['dx', all['dx']!] }, unit, adapter)] : []),
    ],
    (how) => ({
      ...statistics(call, how, adapter).scratch,
      ...(summed && sums(call, how, adapter).scratch),
      ...(dx && { coef: BYTES.f32 * 4 * rowsOf(call) * channels }),
    }),
  );
}
