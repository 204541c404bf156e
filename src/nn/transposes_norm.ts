import type { Transpose } from '../autograd/graph.ts';
import { reshape } from '../ops/arrange/index.ts';
import * as norm from '../ops/norm/index.ts';
import { logBackward, sqrt, square } from '../ops/pointwise/index.ts';
import { add, mul, sub } from '../ops/pointwise/pair.ts';
import { mean, sum } from '../ops/reduce/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkOne, spread } from './linear.ts';

type Options = norm.BatchNormOptions & norm.Affine & norm.Running & Partial<norm.GroupNormOptions> & { gradients?: readonly norm.NormGradient[] };
// biome-ignore lint/suspicious/noExplicitAny: options go back to the operation they were recorded from
type Backward = (dy: Tensor, x: Tensor, options: any) => Partial<Record<norm.NormGradient, Tensor>>;

const once =
  (back: Backward): Transpose =>
  ({ args: [x, options = {}], dy, wants }) => {
    const { weight, bias } = options as Options;
    const gradients = [wants(x) && 'dx', wants(weight) && 'dw', wants(bias) && 'db'].filter((g) => g);
    const { dx, dw, db } = back(dy, x, { ...options, gradients });
    return [
      [x, dx],
      [weight, dw],
      [bias, db],
    ];
  };

/** a / b, b repeated. */
const over = (a: Tensor, b: Tensor): Tensor => logBackward(a, spread(b, a));

type Kind = 'batch' | 'instance' | 'group';

/** The gradients in terms of operations that have gradients themselves:
 * `dx = (g - mean(g) - z * mean(g * z)) / deviation` with g = dy * weight, `dw = sum of dy * z`, `db = sum of dy`. */
function gradients(kind: Kind, dy: Tensor, x: Tensor, { weight, training, runningMean, runningVar, groups = 1, eps = 1e-5 }: Options) {
  const own = kind !== 'batch' || training;
  const [n, c] = x.shape as [number, number];
  // sets of numbers that are normalised together
  const sets = (t: Tensor) => (kind === 'group' ? reshape(t, [n, groups, t.size / (n * groups)]) : t);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => (kind === 'batch' ? axis !== 1 : axis >= 2));
  const average = (t: Tensor) => mean(t, { axes: kind === 'group' ? [2] : axes, keepDims: true });
  const all = sets(x);
  const centred = sub(all, own ? average(all) : runningMean!);
  const deviation = sqrt(add(own ? average(square(centred)) : runningVar!, eps));
  const z = over(centred, deviation);
  const g = sets(weight ? mul(dy, weight) : dy);
  const rest = own ? sub(sub(g, average(g)), mul(z, average(mul(g, z)))) : g;
  const perChannel = (t: Tensor) => reshape(sum(t, { axes: x.shape.map((_, axis) => axis).filter((axis) => axis !== 1) }), [c]);
  return { dx: reshape(over(rest, deviation), x.shape), dw: perChannel(mul(dy, reshape(z, x.shape))), db: perChannel(dy) };
}

const twice =
  (kind: Kind): Transpose =>
  ({ through }) =>
    through((dy: Tensor, x: Tensor, options: Options = {}) => {
      const { training, weight, runningMean } = options;
      checkOne(`${kind}Norm`, x, weight, kind !== 'batch' || training ? undefined : runningMean);
      return gradients(kind, dy, x, options);
    });

export const norms: Readonly<Record<string, Transpose>> = {
  batchNorm: once(norm.batchNormBackward),
  batchNormBackward: twice('batch'),
  instanceNorm: once(norm.instanceNormBackward),
  instanceNormBackward: twice('instance'),
  groupNorm: once(norm.groupNormBackward as Backward),
  groupNormBackward: twice('group'),
};
