// Optimisers against PyTorch's rules in float64, over several steps, one option at a time and together.
import { describe, expect, test } from 'vitest';
import adamKernel from '../../shaders/optim/adam.wgsl';
import momentumKernel from '../../shaders/optim/momentum.wgsl';
import { createContext, type Tensor } from '../../src/index.ts';
import { type AdamOptions, adam, adamw, type Optimizer, type SgdOptions, sgd, stepPlans } from '../../src/nn/optim.ts';
import { parameter } from '../../src/nn/parameter.ts';
import { scale } from '../../src/ops/pointwise/pair.ts';
import { differs, generate } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { most } from '../pointwise/run.ts';

const STEPS = 6;
type Step = (p: Float64Array, g: ArrayLike<number>) => void;

/** PyTorch's SGD for one parameter. */
function hostSgd({ lr = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 }: SgdOptions): Step {
  let buffer: Float64Array | undefined;
  return (p, g) => {
    const d = Float64Array.from(g, (v, i) => v + weightDecay * p[i]!);
    let way: Float64Array = d;
    if (momentum) {
      buffer = buffer ? buffer.map((m, i) => momentum * m + (1 - dampening) * d[i]!) : d.slice();
      way = nesterov ? d.map((v, i) => v + momentum * buffer![i]!) : buffer;
    }
    way.forEach((v, i) => {
      p[i]! -= lr * v;
    });
  };
}

/** PyTorch's Adam and AdamW for one parameter. */
function hostAdam(apart: boolean, { lr = 1e-3, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8, weightDecay = apart ? 0.01 : 0 }: AdamOptions): Step {
  let t = 0;
  let [m, v]: Float64Array[] = [];
  return (p, g) => {
    t++;
    m ??= new Float64Array(p.length);
    v ??= new Float64Array(p.length);
    for (let i = 0; i < p.length; i++) {
      if (apart) p[i]! *= 1 - lr * weightDecay;
      const d = g[i]! + (apart ? 0 : weightDecay * p[i]!);
      m[i] = b1 * m[i]! + (1 - b1) * d;
      v[i] = b2 * v[i]! + (1 - b2) * d * d;
      p[i]! -= (lr / (1 - b1 ** t)) * (m[i]! / (Math.sqrt(v[i]! / (1 - b2 ** t)) + eps));
    }
  };
}

const CASES: [string, (params: Tensor[]) => Optimizer, () => Step][] = [
  ...[
    {},
    { lr: 0.5 },
    { lr: 0.25, weightDecay: 0.1 },
    { lr: 0.25, momentum: 0.9 },
    { lr: 0.25, momentum: 0.9, dampening: 0.5 },
    { lr: 0.25, momentum: 0.9, nesterov: true },
    { lr: 0.25, momentum: 0.5, nesterov: true, weightDecay: 0.1 },
  ].map((o: SgdOptions): (typeof CASES)[number] => [`sgd ${JSON.stringify(o)}`, (p) => sgd(p, o), () => hostSgd(o)]),
  ...[{}, { lr: 0.125 }, { lr: 0.125, betas: [0.5, 0.9] }, { lr: 0.125, eps: 0.25 }, { lr: 0.125, weightDecay: 0.25 }].flatMap(
    (o): (typeof CASES)[number][] => [
      [`adam ${JSON.stringify(o)}`, (p) => adam(p, o as AdamOptions), () => hostAdam(false, o as AdamOptions)],
      [`adamw ${JSON.stringify(o)}`, (p) => adamw(p, o as AdamOptions), () => hostAdam(true, o as AdamOptions)],
    ],
  ),
];

/** Sets a gradient, as the tape does. */
function grad(p: Tensor, data: Float32Array): void {
  p.grad?.dispose();
  p.tape!.grad = p.ctx.tensor(data, p.shape, { layout: p.layout });
}

/** Each step adds a rounding of the parameter and, relative to the way gone, of a root, a quotient and the means. */
const bound = (start: ArrayLike<number>, want: ArrayLike<number>, steps: number) => ({ units: 16 * steps, scale: Math.max(most(start), most(want)) });

describe('optimisers: several steps on parameters of several sizes', () => {
  test.each(CASES)('%s', async (_, make, host) => {
    const ctx = await context();
    const shapes = [[1], [3], [2, 4, 5], [1031]];
    const starts = shapes.map((s, i) =>
      generate(
        s.reduce((a, b) => a * b, 1),
        i + 1,
      ),
    );
    const params = shapes.map((s, i) => parameter(ctx.tensor(starts[i]!, s)));
    const opt = make(params);
    const hosts = starts.map((s) => ({ p: Float64Array.from(s), step: host() }));
    const version = params[0]!.version;
    for (let t = 1; t <= STEPS; t++) {
      params.forEach((p, i) => {
        const g = generate(p.size, 10 * t + i);
        if (g.length > 1) g[1] = 0; // an element without a gradient for good
        grad(p, g);
        hosts[i]!.step(hosts[i]!.p, g);
      });
      opt.step();
    }
    expect(params[0]!.version).toBe(version + STEPS);
    for (const [i, p] of params.entries()) expect(differs(await p.data(), hosts[i]!.p, bound(starts[i]!, hosts[i]!.p, STEPS)), `${shapes[i]}`).toBe('');
    opt.zeroGrad();
    opt.dispose();
    for (const p of params) p.dispose();
  });

  test('each option makes a difference', () => {
    const ends = CASES.map(([, , host]) => {
      const p = Float64Array.of(0.5, -0.75);
      const step = host();
      for (let t = 1; t <= STEPS; t++) step(p, generate(2, t));
      return Array.from(p).join();
    });
    expect(new Set(ends).size).toBe(ends.length);
  });

  test('every plan does the same', async () => {
    const ctx = await context();
    for (const [kernel, means, constants] of [
      [adamKernel, ['m', 'v'], {}],
      [momentumKernel, ['m'], { NESTEROV: 1 }],
    ] as const)
      for (const n of [4, 37, 2051]) {
        const results: string[] = [];
        const spec = { shape: [n], dtype: 'f32', layout: 'nchw', skew: 0 } as const;
        const plans = stepPlans({ kernel, means, constants }, spec, spec, ctx.adapter);
        for (const [i, plan] of plans.entries()) {
          const make = (seed: number) => ctx.tensor(generate(n, seed), [n]);
          const into = { p: make(1), ...Object.fromEntries(means.map((name, k) => [name, ctx.tensor(generate(n, k + 2).map(Math.abs), [n])])) };
          const rates = ctx.tensor([0.5, 0.1, 0.9, 0.8, 0.2, 0.9, 0.1, 1.5, 0.01], [9]);
          ctx.run('step', `${kernel.name} ${n} ${i}`, { g: make(9), rates }, () => plan, into);
          results.push((await Promise.all(Object.values(into).map((t) => t.data()))).map((d) => Array.from(d).join()).join());
        }
        expect(plans.map((p) => p.name)).toEqual(['wide', 'plain']);
        expect(results[0]).toBe(results[1]);
      }
  });
});

describe('optimisers: their lives', () => {
  test('a new learning rate holds from the next step on; nothing is compiled or rebuilt, however many steps', async () => {
    const ctx = await createContext();
    const p = parameter(ctx.tensor([1, 2, 3, 4, 5], [5]));
    for (const make of [sgd, adam, adamw]) {
      const opt = make([p], { lr: 0.5 });
      grad(p, generate(5, 1));
      opt.step();
      const before = ctx.memory();
      for (let i = 1; i <= 40; i++) {
        opt.lr = 1 / i;
        opt.step();
      }
      expect(ctx.memory()).toEqual(before);
      const still = await p.data();
      opt.lr = 0;
      opt.step();
      expect(await p.data()).toEqual(still);
      opt.dispose();
    }
    ctx.destroy();
  });

  test('steps within one task and one tidy follow one another', async () => {
    const ctx = await context();
    const p = parameter(ctx.tensor([1], [1]));
    const opt = sgd([p], { lr: 1 });
    grad(p, Float32Array.of(1));
    ctx.tidy(() => {
      for (const lr of [1, 2, 4, 8]) {
        opt.lr = lr;
        opt.step();
      }
    });
    expect(await p.item()).toBe(1 - 15);
  });

  test('a parameter without a gradient stays, and its first step comes when it has one', async () => {
    const ctx = await context();
    for (const [make, host] of [
      [(ps: Tensor[]) => sgd(ps, { lr: 0.5, momentum: 0.9, dampening: 0.5 }), () => hostSgd({ lr: 0.5, momentum: 0.9, dampening: 0.5 })],
      [(ps: Tensor[]) => adam(ps, { lr: 0.5 }), () => hostAdam(false, { lr: 0.5 })],
    ] as const) {
      const [a, b] = [parameter(ctx.tensor([1], [1])), parameter(ctx.tensor([2], [1]))];
      const opt = make([a, b]);
      const [ha, hb] = [
        { p: Float64Array.of(1), step: host() },
        { p: Float64Array.of(2), step: host() },
      ];
      for (let t = 1; t <= 4; t++) {
        grad(a, Float32Array.of(t / 4));
        ha.step(ha.p, [t / 4]);
        if (t > 2) {
          grad(b, Float32Array.of(-t / 4));
          hb.step(hb.p, [-t / 4]);
        }
        opt.step();
        if (t === 2) expect(await b.item()).toBe(2);
      }
      expect(await a.item()).toBeCloseTo(ha.p[0]!, 5);
      expect(await b.item()).toBeCloseTo(hb.p[0]!, 5);
    }
  });

  test('state and load: training goes on as if it had not stopped', async () => {
    const ctx = await context();
    for (const make of [(ps: Tensor[]) => sgd(ps, { momentum: 0.9, lr: 0.5 }), (ps: Tensor[]) => adamw(ps, { lr: 0.5 }), (ps: Tensor[]) => sgd(ps)]) {
      const p = parameter(ctx.tensor(generate(7, 1), [7]));
      const opt = make([p]);
      const go = (o: Optimizer, q: Tensor, from: number, to: number) => {
        for (let t = from; t < to; t++) {
          grad(q, generate(7, t));
          o.step();
        }
      };
      go(opt, p, 0, 3);
      opt.lr = 0.25;
      const state = structuredClone(await opt.state());
      const copy = parameter(ctx.tensor(await p.data(), [7]));
      const again = make([copy]);
      again.load(state);
      expect(again.lr).toBe(0.25);
      go(opt, p, 3, 6);
      go(again, copy, 3, 6);
      expect(await copy.data()).toEqual(await p.data());
    }
  });

  test('zeroGrad frees the gradients, dispose the means', async () => {
    const ctx = await createContext();
    const p = parameter(ctx.tensor([1, 2], [2]));
    const before = ctx.memory();
    const opt = adam([p]);
    grad(p, generate(2, 1));
    opt.step();
    opt.zeroGrad();
    expect(p.grad).toBeUndefined();
    opt.dispose();
    expect(ctx.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    grad(p, generate(2, 1));
    expect((await thrown(() => opt.step())).message).toContain('adam: the state [1, 64] was disposed');
    ctx.destroy();
  });

  test('small limits: a parameter in windows', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    const start = generate(40_003, 1);
    const p = parameter(ctx.tensor(start, [40_003]));
    const opt = adam([p], { lr: 0.5 });
    const host = { p: Float64Array.from(start), step: hostAdam(false, { lr: 0.5 }) };
    for (let t = 1; t <= 2; t++) {
      const g = generate(40_003, t + 1);
      grad(p, g);
      host.step(host.p, g);
      opt.step();
    }
    expect(differs(await p.data(), host.p, bound(start, host.p, 2))).toBe('');
    ctx.destroy();
  });
});

test('optimisers: wrong arguments get their sentence', async () => {
  const ctx = await context();
  const p = parameter(ctx.tensor([1, 2], [2]));
  const other = await createContext();
  const opt = adam([p]);
  const state = await opt.state();
  const sentences: [() => unknown, string][] = [
    [() => sgd([]), 'sgd: params is []; expected an array of at least one parameter'],
    [() => sgd(p as never), 'sgd: params is Tensor; expected an array of at least one parameter'],
    [() => adam([scale(p, 2)]), 'adam: params[0] [2] is no parameter; give it to parameter() first'],
    [() => sgd([ctx.tensor([1], [1])]), 'sgd: params[0] [1] is no parameter; give it to parameter() first'],
    [() => adam([p, p]), 'adam: params[1] is params[0] again; expected each parameter once'],
    [() => adam([p, parameter(other.tensor([1], [1]))]), 'adam: params[1] belongs to another context'],
    [() => sgd([p], { lr: -1 }), 'sgd: lr is -1; expected a number not below 0'],
    [() => sgd([p], { lr: Number.NaN }), 'sgd: lr is NaN; expected a finite number'],
    [() => sgd([p], { momentum: -0.5 }), 'sgd: momentum is -0.5'],
    [() => sgd([p], { nesterov: true }), 'sgd: nesterov is true with momentum 0 and dampening 0; expected momentum above 0 and dampening 0'],
    [() => sgd([p], { dampening: 0.5 }), 'sgd: dampening has no effect here; it applies to momentum'],
    [() => adamw([p], { betas: [0.9, 1] }), 'adamw: betas is [0.9, 1]; expected two numbers from 0 to below 1'],
    [() => adam([p], { amsgrad: true } as never), 'adam: unknown option "amsgrad"; options are lr, betas, eps, weightDecay'],
    [() => adam([p], { eps: -1 }), 'adam: eps is -1'],
    [() => opt.step(), 'adam: no parameter has a gradient; call loss.backward() first'],
    [() => (opt.lr = Number.POSITIVE_INFINITY), 'adam: lr is Infinity; expected a finite number'],
    [() => (opt.lr = undefined as never), 'adam: lr is undefined; expected a number not below 0'],
    [() => opt.load({ steps: state.steps, means: state.means } as never), 'adam: lr of the state is undefined; expected a number not below 0'],
    [() => opt.load({ ...state, steps: [] }), 'adam: steps of the state is []; expected 1 whole numbers'],
    [() => opt.load({ ...state, means: { m: state.means['m']! } }), 'adam: the state has the means m; expected m, v'],
    [() => opt.load({ ...state, means: { ...state.means, v: [new Float32Array(3)] } }), 'adam: v of params[0] has 3 elements in the state; expected 2'],
  ];
  for (const [call, sentence] of sentences) expect((await thrown(call)).message).toContain(sentence);
  p.tape!.grad = ctx.tensor([1], [1]);
  expect((await thrown(() => opt.step())).message).toBe('adam: the gradient of params[0] has shape [1]; expected [2], as the parameter');
  opt.zeroGrad();
  other.destroy();
});
