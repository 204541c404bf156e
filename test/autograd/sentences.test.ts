import { describe, expect, it } from 'vitest';
import { createContext, gridSample, type Tensor } from '../../src/index.ts';
import { add, grad, mse, mul, parameter, relu, square, valueAndGrad, zeroGrad } from '../../src/nn/index.ts';
import { thrown } from '../gpu.ts';
import { balanced, ctx, of, sum } from './kit.ts';

describe('sentences', () => {
  const cases: [name: string, sentence: string | RegExp, run: (p: Tensor) => unknown][] = [
    ['off the tape', 'backward: the tensor [4] was not computed from a parameter; see parameter of webgpu-upsample/nn', () => square(of([4])).backward()],
    ['not one element', 'backward: the tensor [4] has 4 elements; expected one element, or a cotangent of its shape', (p) => square(p).backward()],
    ['a cotangent of another shape', 'backward: cotangent is f32 [3]; expected f32 [4], as the tensor', (p) => square(p).backward({ cotangent: of([3]) })],
    ['an unknown option', /^backward: unknown option "gradient"; options are cotangent, of, keep, retain/, (p) => sum(p).backward({ gradient: 1 } as never)],
    [
      'twice',
      /^backward: conv2d was gone through before, and what it needs is freed; pass retain: true the first time, or detach what is used again/,
      (p) => {
        const loss = sum(p);
        loss.backward();
        loss.backward();
      },
    ],
    [
      'a trunk that another loss has freed',
      /^backward: mul was gone through before, and what it needs is freed/,
      (p) => {
        const h = mul(p, p);
        const losses = [sum(h), sum(h)];
        for (const loss of losses) loss.backward();
      },
    ],
    [
      'a result that was disposed',
      /^backward: the gradient of square needs a tensor that is gone \(squareBackward: x \[4\] was disposed\); dispose, or end ctx.tidy, after backward/,
      (p) => {
        const h = mul(p, 2);
        const loss = sum(square(h));
        h.dispose();
        loss.backward();
      },
    ],
    [
      'a tidy that ended too soon',
      /^backward: the gradient of conv2d needs a tensor that is gone/,
      (p) => {
        const loss = ctx.tidy(() => sum(mul(square(p), p)));
        loss.backward();
      },
    ],
    [
      'a loss that was disposed',
      'backward: the tensor [1, 1, 1, 1] was disposed',
      (p) => {
        const loss = sum(p);
        loss.dispose();
        loss.backward();
      },
    ],
    [
      'a parameter that was updated before backward',
      'backward: a tensor [4] of square was written to after the call; go backward first, then update',
      (p) => {
        const loss = sum(square(p));
        p.version++;
        loss.backward();
      },
    ],
    ['retain', 'backward: retain is 1; expected true or false', (p) => sum(p).backward({ retain: 1 as never })],
    ['keep', 'backward: keep is Tensor; expected an array of tensors', (p) => sum(p).backward({ keep: p as never })],
    ['kept tensors', /^backward: keep\[0\] is 3; expected a tensor/, (p) => sum(p).backward({ keep: [3 as never] })],
    ['createGraph', 'grad: createGraph is 1; expected true or false', (p) => grad((x: Tensor) => x, { createGraph: 1 as never })(p)],
    ['what is no parameter', 'backward: of[0] [4] is no parameter; see parameter', (p) => sum(p).backward({ of: [square(p)] })],
    [
      'a parameter that does not lead there',
      'backward: no parameter leads to the tensor; expected a result computed from one of those asked for',
      (p) => sum(p).backward({ of: [parameter(of([1]))] }),
    ],
    ['f16', /^parameter: x \[2\] is (f16|u32); expected f32/, () => parameter(ctx.tensor([1, 2], [2], { dtype: half() ? 'f16' : 'u32' }))],
    ['a result as parameter', 'parameter: x [4] is the result of square on a parameter; detach it first', (p) => parameter(square(p))],
    ['no tensor', /^parameter: x is 3; expected a tensor/, () => parameter(3 as never)],
    ['no function', 'grad: f is 3; expected a function of tensors', () => grad(3 as never)],
    ['no arguments', 'grad: the function was called without arguments; expected tensors to differentiate by', () => grad(() => of([1]))()],
    ['whole numbers', 'grad: argument 0 is u32; expected f32 or f16', () => grad((x: Tensor) => x)(ctx.tensor([1], [1], { dtype: 'u32' }))],
    [
      'an argument twice',
      'valueAndGrad: arguments 0 and 1 are the same tensor; expected different ones: whose gradient is meant?',
      (p) => valueAndGrad((a: Tensor, b: Tensor) => sum(mul(a, b)))(p, p),
    ],
    ['a function that returns no tensor', 'grad: the function returned 3; expected a tensor', (p) => grad((_: Tensor) => 3 as never)(p)],
    ['a promise', 'grad: the function returned Promise; expected a tensor', (p) => grad((async (x: Tensor) => x) as never)(p)],
    ['a result that is no number', 'grad: the tensor [4] has 4 elements; expected one element, or a cotangent of its shape', (p) => grad(relu as never)(p)],
    ['an unknown option of grad', 'grad: unknown option "create"; options are cotangent, createGraph', () => grad((x: Tensor) => x, { create: true } as never)],
  ];
  const half = () => ctx.device.features.has('shader-f16');
  for (const [name, sentence, run] of cases)
    it(
      name,
      balanced(async () => {
        const p = parameter(of([4]));
        const error = await thrown(() => ctx.tidy(() => void run(p)));
        if (typeof sentence === 'string') expect(error.message).toBe(sentence);
        else expect(error.message).toMatch(sentence);
        zeroGrad([p]);
        p.dispose();
      }),
    );

  it('an operation without a gradient', async () => {
    const error = await thrown(() =>
      ctx.tidy(() => {
        const grid = of([1, 2, 2, 2], 5);
        return grad((x: Tensor) => sum(grad((a: Tensor) => sum(gridSample(a, grid)))(x)))(of([1, 1, 3, 3]));
      }),
    );
    expect(error.message).toBe(
      'backward: gridSampleBackward has no gradient: as in PyTorch, there is no second gradient of a sampling; compute it from detached tensors, or under noGrad',
    );
  });

  it('a second gradient of several dtypes', async () => {
    if (!ctx.device.features.has('shader-f16')) return; // the device has one dtype with gradients
    const x = ctx.tensor([1, 2], [2], { dtype: 'f16' });
    const error = await thrown(() => ctx.tidy(() => grad((a: Tensor) => mse(grad((b: Tensor) => mse(b, 0.5))(a), 0))(x)));
    expect(error.message).toBe('backward: mse has a second gradient of one dtype only, not of f32 and f16; expected f32 throughout');
    x.dispose();
  });

  it('two contexts', async () => {
    const other = await createContext();
    const p = parameter(other.tensor([1, 2], [2]));
    const c = ctx.tensor([1, 1], [2]);
    const y = square(p);
    expect((await thrown(() => y.backward({ cotangent: c }))).message).toBe('backward: cotangent belongs to another context');
    expect((await thrown(() => grad((a: Tensor, b: Tensor) => sum(add(a, b)))(c, p))).message).toBe('grad: argument 1 belongs to another context');
    other.destroy();
    expect((await thrown(() => y.backward())).message).toBe('backward: the context was destroyed');
    c.dispose();
  });
});
