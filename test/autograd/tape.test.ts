import { describe, expect, it } from 'vitest';
import type { Variable } from '../../src/autograd/graph.ts';
import { bilinear2d, conv2d, conv2dBackward, maxPool2d, maxUnpool2d, type Tensor } from '../../src/index.ts';
import {
  abs,
  add,
  batchNorm,
  detach,
  dropout,
  exp,
  flatten,
  grad,
  instanceNorm,
  isParameter,
  linear,
  matmul,
  mul,
  noGrad,
  parameter,
  relu,
  reshape,
  softmax,
  square,
  tanh,
  valueAndGrad,
  zeroGrad,
} from '../../src/nn/index.ts';
import { generate } from '../fixtures.ts';
import { thrown } from '../gpu.ts';
import { balanced, ctx, list, live, of, sum } from './kit.ts';

describe('backward', () => {
  it(
    'frees what the calls have made, keeps the loss and the gradients; zeroGrad frees those',
    balanced(async () => {
      const x = of([1, 2, 6, 6]);
      const w = parameter(of([3, 2, 3, 3], 2));
      const b = parameter(of([3], 3));
      const v = parameter(of([1, 3, 12, 12], 4));
      const before = live();
      const step = () => conv2d(bilinear2d(conv2d(x, w, { bias: b, padding: 1, activation: 'tanh' }), { scaleFactor: 2 }), v);
      const loss = step();
      expect(live()).toBe(before + 3);
      loss.backward();
      expect(live()).toBe(before + 1 + 3);
      expect([w, b, v].map((p) => p.grad!.shape)).toEqual([w.shape, b.shape, v.shape]);
      expect(Number.isFinite(await loss.item())).toBe(true);
      loss.dispose();
      zeroGrad([w, b, v]);
      expect(live()).toBe(before);
      expect(w.grad).toBeUndefined();
      const inside = ctx.tidy(() => {
        const loss = step();
        loss.backward();
        return loss;
      });
      expect(live()).toBe(before + 1 + 3);
      const first = await list(w.grad);
      ctx.tidy(() => step().backward());
      expect(await list(w.grad), 'gradients add up').toEqual(first.map((g) => 2 * g));
      zeroGrad([w, b, v]);
      for (const t of [inside, x, w, b, v]) t.dispose();
    }),
  );

  it(
    'a tensor that is used several times gets the sum, in the same order every time',
    balanced(async () => {
      const p = parameter(of([2, 3]));
      const q = parameter(of([2, 3], 2));
      const run = async () => {
        ctx.tidy(() => {
          const h = mul(p, q);
          const y = add(add(mul(h, h), add(h, p)), h); // h^2 + 2h + p
          sum(add(y, p)).backward(); // + p
        });
        const both = [await list(p.grad), await list(q.grad)] as const;
        zeroGrad([p, q]);
        return both;
      };
      const [a, b] = [await list(p), await list(q)];
      const [dp, dq] = await run();
      a.forEach((x, i) => {
        const h = x * b[i]!;
        expect(dp[i]!).toBeCloseTo((2 * h + 2) * b[i]! + 2, 5);
        expect(dq[i]!).toBeCloseTo((2 * h + 2) * x, 5);
      });
      for (let n = 0; n < 20; n++) expect(await run()).toEqual([dp, dq]);
      p.dispose();
      q.dispose();
    }),
  );

  it(
    'parameters that get the same gradient get one each',
    balanced(async () => {
      const p = parameter(of([4]));
      const q = parameter(of([4], 2));
      const c = of([4], 3);
      ctx.tidy(() => add(p, q).backward({ cotangent: c }));
      expect(new Set([p.grad, q.grad, c]).size).toBe(3);
      zeroGrad([p]);
      expect(await list(q.grad)).toEqual(await list(c));
      zeroGrad([q]);
      for (const t of [p, q, c]) t.dispose();
    }),
  );

  it(
    'retain, keep, of',
    balanced(async () => {
      const p = parameter(of([4]));
      const q = parameter(of([4], 2));
      const before = live();
      const h = mul(p, q);
      const loss = sum(h);
      loss.backward({ retain: true });
      const once = await list(p.grad);
      loss.backward({ retain: true, of: [p] });
      expect(await list(p.grad)).toEqual(once.map((g) => 2 * g));
      expect(await list(q.grad)).toEqual(await list(p));
      expect(h.disposed).toBe(false);
      loss.backward({ keep: [h] });
      expect(h.disposed).toBe(false);
      expect((loss.tape as Variable).source!.inputs.size, 'what was gone through is forgotten').toBe(0);
      zeroGrad([p, q]);
      loss.dispose();
      expect(live()).toBe(before + 1 + 1); // h, and the ones of sum
      h.dispose();
      p.dispose();
      q.dispose();
    }),
  );

  it(
    'an adversary: detached results, and gradients for one network alone',
    balanced(async () => {
      const g = parameter(of([1, 4]));
      const d = parameter(of([1, 4], 2));
      const before = live();
      const fake = tanh(g);
      const copy = detach(fake);
      expect(isParameter(copy)).toBe(false);
      const first = sum(mul(copy, d));
      first.backward();
      expect(g.grad).toBeUndefined();
      expect(await list(d.grad)).toEqual(await list(fake));
      const second = sum(mul(fake, d));
      second.backward({ of: [g] });
      expect(await list(d.grad)).toEqual(await list(copy));
      expect(g.grad).toBeDefined();
      zeroGrad([g, d]);
      for (const t of [first, second, copy]) t.dispose();
      expect(live()).toBe(before + 1); // the ones of sum
      g.dispose();
      d.dispose();
    }),
  );

  it(
    'noGrad records nothing, and nests',
    balanced(async () => {
      const p = parameter(of([4]));
      const [a, b] = noGrad(() => [square(p), grad((x: Tensor) => sum(square(x)))(p)]);
      expect(a!.tape).toBeUndefined();
      expect(await list(b)).toEqual((await list(p)).map((v) => 2 * v));
      expect((await thrown(() => noGrad(async () => 1))).message).toMatch(/^noGrad: the function returned a promise/);
      expect((await thrown(() => a!.backward())).message).toBe(
        'backward: the tensor [4] was not computed from a parameter; see parameter of webgpu-upsample/nn',
      );
      for (const t of [a, b, p]) t!.dispose();
    }),
  );

  it(
    'options may be an object of any class, or of none: their tensors get their gradients',
    balanced(async () => {
      const x = of([1, 2, 3, 3]);
      const [w, bias] = [parameter(of([2, 2, 3, 3], 2)), parameter(of([2], 3))];
      class Layer {
        padding = 1;
        bias = bias;
      }
      const gradients: number[][] = [];
      for (const options of [
        { padding: 1, bias },
        new Layer(),
        Object.assign(Object.create(null), { padding: 1, bias }) as { padding: number; bias: Tensor },
      ]) {
        const y = conv2d(x, w, options);
        options.padding = 0;
        ctx.tidy(() => sum(square(y)).backward());
        gradients.push([...(await list(w.grad)), ...(await list(bias.grad))]);
        zeroGrad([w, bias]);
      }
      expect(gradients[1]).toEqual(gradients[0]);
      expect(gradients[2]).toEqual(gradients[0]);
      for (const t of [x, w, bias]) t.dispose();
    }),
  );

  it(
    'statistics that move between a call in evaluation and its gradient are noticed; those of a training call are not read',
    balanced(async () => {
      const x = parameter(of([2, 3, 4, 4]));
      const z = of([2, 3, 4, 4], 2);
      const [runningMean, runningVar] = [ctx.tensor([0, 0, 0], [3]), ctx.tensor([1, 1, 1], [3])];
      const y = batchNorm(x, { runningMean, runningVar });
      const trained = batchNorm(x, { runningMean, runningVar, training: true });
      batchNorm(z, { runningMean, runningVar, training: true }).dispose();
      const error = await thrown(() => ctx.tidy(() => sum(y).backward()));
      expect(error.message).toBe('backward: a tensor [3] of batchNorm was written to after the call; go backward first, then update');
      ctx.tidy(() => sum(square(trained)).backward());
      zeroGrad([x]);
      for (const t of [x, y, z, runningMean, runningVar]) t.dispose();
    }),
  );

  it(
    'a parameter to which nothing but zeros flow gets zeros',
    balanced(async () => {
      const p = parameter(ctx.tensor([1, -2, 3], [3]));
      const q = parameter(ctx.tensor([1, 2, 3], [3]));
      ctx.tidy(() => sum(add(square(grad((a: Tensor) => sum(abs(a)), { createGraph: true })(p)), q)).backward());
      expect([await list(p.grad), await list(q.grad)]).toEqual([
        [0, 0, 0],
        [1, 1, 1],
      ]);
      zeroGrad([p, q]);
      for (const t of [p, q]) t.dispose();
    }),
  );

  it(
    'options that are changed after the call do not matter',
    balanced(async () => {
      const x = of([1, 1, 4, 4]);
      const w = parameter(of([1, 1, 3, 3], 2));
      const options = { padding: [1, 1], stride: [1, 1] };
      const y = conv2d(x, w, options);
      options.stride[0] = 2;
      options.padding = [0, 0];
      const c = of(y.shape, 3);
      y.backward({ cotangent: c });
      const { dw } = conv2dBackward(c, x, w, { padding: 1, gradients: ['dw'] });
      expect(await list(w.grad)).toEqual(await list(dw));
      zeroGrad([w]);
      for (const t of [x, w, y, c, dw]) t.dispose();
    }),
  );

  it(
    'a thousand steps leave nothing, outside ctx.tidy and inside',
    balanced(async () => {
      const x = of([1, 1, 4, 4]);
      const w = parameter(of([2, 1, 3, 3], 2));
      const v = parameter(of([1, 2, 4, 4], 3));
      const step = (): Tensor => {
        const h = conv2d(x, w, { padding: 1, activation: 'relu' });
        const { output, indices } = maxPool2d(h, { kernelSize: 2, returnIndices: true });
        const loss = conv2d(maxUnpool2d(output, indices, { kernelSize: 2, checkIndices: false }), v);
        loss.backward();
        zeroGrad([w, v]);
        return loss;
      };
      const before = live();
      step().dispose();
      const { bytes, plans, pipelines } = ctx.memory();
      for (let n = 0; n < 1000; n++) {
        if (n % 2) step().dispose();
        else ctx.tidy(() => void step());
        if (n % 100 === 99) await ctx.device.queue.onSubmittedWorkDone();
      }
      expect(live()).toBe(before);
      expect(ctx.memory()).toMatchObject({ bytes, plans, pipelines });
      for (const t of [x, w, v]) t.dispose();
    }),
  );

  it(
    'a chain of two thousand calls',
    balanced(async () => {
      const p = parameter(ctx.tensor([1], [1]));
      let y = p;
      for (let n = 0; n < 2000; n++) {
        y = add(y, 1);
        if (n % 500 === 499) await y.item();
      }
      y.backward();
      expect(await p.grad!.item()).toBe(1);
      y.dispose();
      zeroGrad([p]);
      p.dispose();
    }),
  );
});

describe('types and layouts', () => {
  it(
    'a matrix made of channels-last tensors gives them gradients in their layout, whatever computed them',
    balanced(async () => {
      const shape = [2, 3, 4, 4];
      const nhwc = (data: ArrayLike<number>) =>
        Array.from({ length: data.length }, (_, i) => data[(Math.floor(i / 48) * 3 + (i % 3)) * 16 + (Math.floor(i / 3) % 16)]!);
      const data = generate(96, 1);
      const m = of([48, 5], 2);
      const c = of([3], 4);
      const layers: Record<string, (x: Tensor) => Tensor> = {
        relu,
        sigmoid: (x) => mul(tanh(x), c),
        softmax,
        batchNorm: (x) => batchNorm(x, { training: true, weight: c }),
        instanceNorm,
        bilinear: (x) => bilinear2d(x, { size: [4, 4], alignCorners: true }),
        conv: (x) => conv2d(x, of([3, 3, 3, 3], 5), { padding: 1, activation: 'relu' }),
        twice: (x) => add(x, square(x)),
      };
      const lasts: ((x: Tensor) => Tensor)[] = [(x) => matmul(flatten(x), m), (x) => matmul(reshape(x, [2, 48]), m), (x) => linear(flatten(x), of([5, 48], 3))];
      for (const [name, layer] of Object.entries(layers))
        for (const last of lasts) {
          const both: number[][] = [];
          for (const layout of ['nchw', 'nhwc'] as const) {
            const x = parameter(ctx.tensor(layout === 'nhwc' ? nhwc(data) : data, shape, { layout }));
            const p = (y: Tensor) => sum(square(last(y)));
            ctx.tidy(() => p(layer(x)).backward());
            expect(x.grad!.layout, name).toBe(layout);
            // a gradient of the gradient, through the same calls
            const twice = grad((a: Tensor) => sum(square(grad((b: Tensor) => p(layer(b)))(a))))(x);
            expect(twice.layout, name).toBe(layout);
            const lists = [await list(x.grad), await list(twice)];
            both.push((layout === 'nchw' ? lists.map(nhwc) : lists).flat());
            zeroGrad([x]);
            for (const t of [x, twice]) t.dispose();
          }
          const most = Math.max(...both[0]!.map(Math.abs));
          for (const [i, g] of both[1]!.entries()) expect(Math.abs(g - both[0]![i]!), name).toBeLessThan(1e-4 * most);
        }
      for (const t of [m, c]) t.dispose();
    }),
  );

  it(
    'dropout of a channels-last tensor goes back where it went, through a matrix too',
    balanced(async () => {
      const x = parameter(ctx.tensor(new Float32Array(96).fill(1), [2, 3, 4, 4], { layout: 'nhwc' }));
      const ones = ctx.tensor(new Float32Array(48).fill(1), [48, 1]);
      const y = dropout(x, { p: 0.5, seed: 3 });
      ctx.tidy(() => sum(matmul(flatten(y), ones)).backward({ keep: [y] }));
      expect(await list(x.grad)).toEqual(await list(y));
      zeroGrad([x]);
      const again = dropout(x, { p: 0.5, seed: 3 });
      const other = ctx.tensor(new Float32Array(96), [2, 3, 4, 4]);
      expect((await thrown(() => again.backward({ cotangent: other }))).message).toBe(
        'backward: cotangent is f32 nchw [2, 3, 4, 4]; expected f32 nhwc [2, 3, 4, 4], as the tensor',
      );
      for (const t of [x, ones, y, again, other]) t.dispose();
    }),
  );

  it(
    'gradients are in the layout of their tensors; f16 goes backward too, where the device has it',
    balanced(async () => {
      const data = generate(2 * 4 * 5 * 3, 1);
      const w = parameter(of([3, 3, 3, 3], 2));
      const v = parameter(of([3], 3));
      const net = (x: Tensor) => mul(bilinear2d(tanh(conv2d(x, w, { padding: 1 })), { size: [7, 9] }), v);
      const results: number[][] = [];
      for (const layout of ['nchw', 'nhwc'] as const) {
        const image = (n: number, c: number, h: number, wide: number, of: ArrayLike<number>) =>
          layout === 'nchw'
            ? Array.from(of)
            : Array.from(
                { length: n * c * h * wide },
                (_, i) => of[(Math.floor(i / (c * h * wide)) * c + (i % c)) * h * wide + (Math.floor(i / c) % (h * wide))]!,
              );
        const x = ctx.tensor(image(2, 3, 4, 5, data), [2, 3, 4, 5], { layout });
        const c = ctx.tensor(image(2, 3, 7, 9, generate(2 * 3 * 7 * 9, 5)), [2, 3, 7, 9], { layout });
        ctx.tidy(() => net(x).backward({ cotangent: c }));
        const dx = grad(net, { cotangent: c })(x);
        expect(dx.layout).toBe(layout);
        results.push([...(await list(w.grad)), ...(await list(v.grad))]);
        zeroGrad([w, v]);
        for (const t of [x, c, dx]) t.dispose();
      }
      for (const [i, g] of results[0]!.entries()) expect(Math.abs(g - results[1]![i]!)).toBeLessThan(1e-5);
      if (ctx.device.features.has('shader-f16')) {
        const half = { dtype: 'f16' } as const;
        const x = ctx.tensor(data, [2, 3, 4, 5], half);
        const f = ctx.tensor(await w.data(), w.shape, half);
        const cotangent = ctx.tensor(generate(2 * 3 * 2 * 3, 4), [2, 3, 2, 3], half);
        const [dx, dw] = grad((a: Tensor, b: Tensor) => conv2d(a, b, { activation: 'relu' }), { cotangent })(x, f);
        expect([dx.dtype, dw.dtype]).toEqual(['f16', 'f16']);
        for (const t of [x, f, cotangent, dx, dw]) t.dispose();
      }
      w.dispose();
      v.dispose();
    }),
  );
});

describe('grad and valueAndGrad', () => {
  it(
    'of one argument a tensor, of several a list; all else is freed',
    balanced(async () => {
      const x = of([3]);
      const y = of([3], 2);
      const before = live();
      const one = grad((a: Tensor) => sum(exp(a)))(x);
      const { value, grad: both } = valueAndGrad((a: Tensor, b: Tensor) => sum(mul(square(a), b)))(x, y);
      expect(live()).toBe(before + 4 + 1); // and the ones of sum
      const [a, b] = [await list(x), await list(y)];
      (await list(one)).forEach((v, i) => {
        expect(v).toBeCloseTo(Math.exp(a[i]!), 5);
      });
      expect(await list(both[1])).toEqual(a.map((v) => Math.fround(v * v)));
      (await list(both[0])).forEach((v, i) => {
        expect(v).toBeCloseTo(2 * a[i]! * b[i]!, 6);
      });
      expect(value.tape).toBeUndefined();
      expect(x.tape).toBeUndefined();
      for (const t of [one, value, ...both, x, y]) t.dispose();
    }),
  );

  it(
    'what is not used gets zeros; the function itself may be its argument; closures are constant',
    balanced(async () => {
      const x = of([1]);
      const y = of([2], 2);
      const p = parameter(of([1], 3));
      const h = mul(p, 2);
      const [dx, dy] = grad((a: Tensor, _: Tensor) => a)(x, y);
      expect([await list(dx), await list(dy)]).toEqual([[1], [0, 0]]);
      const dp = grad((a: Tensor) => mul(a, h))(p);
      expect(await list(dp), 'h is constant').toEqual(await list(h));
      expect(p.grad).toBeUndefined();
      expect(isParameter(p)).toBe(true);
      for (const t of [x, y, p, h, dx, dy, dp]) t.dispose();
    }),
  );

  it(
    'gradients of gradients, to the fourth',
    balanced(async () => {
      const x = ctx.tensor([0.3, -0.7, 1.1], [3]);
      const derivative = (f: (x: Tensor) => Tensor) => (x: Tensor) => grad((a: Tensor) => sum(f(a)))(x);
      let f: (x: Tensor) => Tensor = tanh;
      const t = (await list(x)).map(Math.tanh);
      const expected = [
        (v: number) => 1 - v * v,
        (v: number) => -2 * v * (1 - v * v),
        (v: number) => (1 - v * v) * (6 * v * v - 2),
        (v: number) => (1 - v * v) * v * (16 - 24 * v * v),
      ];
      for (const [i, e] of expected.entries()) {
        f = derivative(f);
        const before = live();
        const g = f(x);
        expect(live()).toBeLessThanOrEqual(before + 2); // g, the first time the ones of sum
        (await list(g)).forEach((v, j) => {
          expect(v, `${i + 1}`).toBeCloseTo(e(t[j]!), 4);
        });
        g.dispose();
      }
      x.dispose();
    }),
  );

  it(
    'a gradient penalty: createGraph, then backward through the gradient',
    balanced(async () => {
      const x = of([1, 2, 5, 5]);
      const w = parameter(of([3, 2, 3, 3], 2));
      const v = parameter(of([1, 3, 3, 3], 3));
      const before = live();
      const critic = (a: Tensor) => conv2d(conv2d(a, w, { activation: 'tanh' }), v);
      const penalty = (a: Tensor) => {
        const dx = grad(critic, { createGraph: true })(a);
        return sum(square(dx));
      };
      const loss = penalty(x);
      loss.backward();
      expect(live()).toBe(before + 1 + 2 + 1); // loss, two gradients, the ones of sum
      const analytic = [await list(w.grad), await list(v.grad)];
      zeroGrad([w, v]);
      // the same penalty at other weights, on the GPU: central differences
      for (const [k, p] of [w, v].entries()) {
        const data = (await p.data()).slice();
        for (const i of [0, 7, data.length - 1]) {
          const at = async (h: number) => {
            const moved = data.slice();
            moved[i]! += h;
            const other = ctx.tensor(moved, p.shape);
            const value = noGrad(() =>
              ctx.tidy(() => {
                const net = (a: Tensor) => conv2d(conv2d(a, p === w ? other : w, { activation: 'tanh' }), p === v ? other : v);
                return sum(square(grad(net)(x)));
              }),
            );
            const result = await value.item();
            value.dispose();
            other.dispose();
            return result;
          };
          const h = 2 ** -6;
          const slope = ((await at(h)) - (await at(-h))) / (2 * h);
          expect(Math.abs(analytic[k]![i]! - slope) / Math.max(...analytic[k]!.map(Math.abs)), `${k} ${i}`).toBeLessThan(2e-3);
        }
      }
      for (const t of [loss, x, w, v]) t.dispose();
    }),
  );
});
