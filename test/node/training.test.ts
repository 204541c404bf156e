// Every variant that plans of elementwise functions, reductions, losses and optimisers ask for: declared parameters, and a second compiler.
import { parseWgsl, validate } from 'naga-wasm';
import { describe, expect, test } from 'vitest';
import adamKernel from '../../shaders/optim/adam.wgsl';
import descendKernel from '../../shaders/optim/descend.wgsl';
import momentumKernel from '../../shaders/optim/momentum.wgsl';
import { stepPlans } from '../../src/nn/optim.ts';
import { classesCall, lossBackwardCall, lossCall } from '../../src/ops/loss/arguments.ts';
import { classesBackwardPlans, classesPlans } from '../../src/ops/loss/classes.ts';
import { lossBackwardPlans, lossPlans } from '../../src/ops/loss/plan.ts';
import { dropoutCall, mapCall, pairBackwardCall, pairCall } from '../../src/ops/pointwise/arguments.ts';
import { dropoutPlans } from '../../src/ops/pointwise/dropout.ts';
import { mapPlans, pairBackwardPlans, pairPlans } from '../../src/ops/pointwise/plan.ts';
import { reduceCall, softmaxCall, spreadCall } from '../../src/ops/reduce/arguments.ts';
import { reducePlans, spreadPlans } from '../../src/ops/reduce/plan.ts';
import { softmaxPlans } from '../../src/ops/reduce/softmax.ts';
import type { Adapter, DType, Plan, Step, TensorSpec } from '../../src/plan.ts';
import { declare, declared, type Kernel, paramsBytes } from '../../src/shader.ts';

const kernels = Object.values(import.meta.glob<Kernel>('../../shaders/{pointwise,reduce,loss,optim}/*.wgsl', { eager: true, import: 'default' }));
const LIMITS = { binding: 2 ** 27, buffer: 2 ** 28, groups: 65535 };
const ADAPTERS: readonly Adapter[] = [
  { software: false, subgroup: 0, limits: LIMITS },
  { software: true, subgroup: 4, limits: { binding: 2 ** 16, buffer: 2 ** 20, groups: 7 } },
];

/** Plans of one call of each kind on [2, 4, 20, 150]. */
function* plansOf(adapter: Adapter, dtype: DType, skew: number): Generator<Plan[]> {
  const t = (shape: readonly number[], more: Partial<TensorSpec> = {}): TensorSpec => ({ shape, dtype, layout: 'nchw', skew, ...more });
  const [x, c, one] = [t([2, 4, 20, 150]), t([4]), t([])];
  for (const name of ['relu', 'sqrt'] as const)
    for (const given of [{ x }, { x, dy: x }, { x, dy: x, g: x }]) yield mapPlans(mapCall(name)(name, given, {}), adapter);
  yield dropoutPlans(dropoutCall('dropout', { x }, {}), adapter);
  for (const b of [x, c, one, 2]) {
    yield pairPlans(pairCall('mul', ['a', 'b'])('mul', { a: x, b }, {}), adapter);
    yield pairBackwardPlans(pairBackwardCall('mul', ['a', 'b'])('mulBackward', { dy: x, a: x, b }, {}), adapter);
  }
  yield pairBackwardPlans(pairBackwardCall('prelu', ['x', 'w'])('preluBackward', { dy: x, x, w: c }, {}), adapter);
  for (const axes of [[0, 1, 2, 3], [1], [0, 2, 3]]) {
    const call = reduceCall(false)('sum', x, { axes });
    yield reducePlans(call, adapter);
    yield spreadPlans(spreadCall(true)('meanBackward', { ...call.sum, skew }, x.shape, { axes }), adapter);
  }
  yield softmaxPlans(softmaxCall(false)('softmax', { x }, {}), adapter);
  yield softmaxPlans(softmaxCall(true)('logSoftmaxBackward', { dy: x, y: x }, {}), adapter);
  for (const reduction of ['mean', 'none'] as const) {
    const labels = t([2, 20, 150], { dtype: 'i32' });
    const dy = reduction === 'mean' ? one : x;
    yield lossPlans(lossCall('bceWithLogits')('bceWithLogits', { x, target: x }, { reduction }), adapter);
    yield lossBackwardPlans(lossBackwardCall('l1')('l1Backward', { dy, x, target: 1 }, { reduction }), adapter);
    yield classesPlans(classesCall('crossEntropy', { x, labels, weight: c }, { reduction }), adapter);
    yield classesBackwardPlans(classesCall('crossEntropyBackward', { x, labels, dy: reduction === 'mean' ? one : t([2, 20, 150]) }, { reduction }), adapter);
  }
  for (const [kernel, means, constants] of [
    [adamKernel, ['m', 'v'], {}],
    [momentumKernel, ['m'], { NESTEROV: 1 }],
    [descendKernel, [], {}],
  ] as const)
    yield stepPlans({ kernel, means, constants }, x, x, adapter);
}

const steps: Step[] = [];
for (const adapter of ADAPTERS)
  for (const dtype of ['f32', 'f16'] as const)
    for (const skew of [0, 1]) for (const plans of plansOf(adapter, dtype, skew)) steps.push(...plans.flatMap((p) => p.steps));

describe.each(kernels.map((k) => [k.name, k] as const))('%s', (name, kernel) => {
  const own = steps.filter((s) => s.kernel.name === name);

  test('gets exactly the parameters, overrides and bindings it declares, within the limits', () => {
    expect(own.length).toBeGreaterThan(0);
    const { bindings, params: struct, overrides } = declared(kernel);
    const bound = bindings.filter((b) => b.type !== 'uniform').map((b) => b.name);
    expect(bound.length).toBeLessThanOrEqual(8);
    for (const step of own) {
      paramsBytes(kernel, step.params);
      expect(Object.keys(step.constants).sort()).toEqual([...overrides].sort());
      expect(Object.keys(step.bind).sort()).toEqual([...bound].sort());
      for (const { name: field, type } of struct.fields) {
        const list = [step.params[field]!].flat() as number[];
        if (type !== 'f32' && !list.every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32)) expect.fail(`${field} is ${list}`);
      }
      for (const to of Object.values(step.bind)) if (typeof to === 'object' && (to.size > 2 ** 16 || to.offset % 256)) expect.fail(JSON.stringify(to));
    }
  });

  test('passes a second compiler with all types that plans ask for', () => {
    const variants = new Map(own.map((s) => [JSON.stringify(s.types), s.types]));
    for (const types of variants.values()) validate(parseWgsl(declare(kernel, types))).free();
  });
});
