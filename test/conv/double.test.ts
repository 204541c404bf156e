// Double backward from the explicit operations: the second derivatives of convolutions are convolutions, transposed ones and weight gradients again.
// With y = a(z), z = C(x, w) + b and a gradient g of y, let S = <dx, u> + <dw, v> + <db, t>: the most general scalar of the first derivatives. Then
//   q = C(u, w) + C(x, v) + t,  S = <g a'(z), q>,  dS/dg = a'(z) q,  and with e = g a'(z), f = g a''(z) q:
//   dS/dx = Ct(e, v) + Ct(f, w),  dS/dw = W(e, u) + W(f, x),  dS/db = sum f.
// a'(z) q is the input gradient of a depthwise convolution with ones that has the activation. No operation has a'': for relu and leakyRelu it is 0,
// for the others the test takes it from the host. S itself and its finite differences come from the float64 reference's first derivatives.
import { expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

type Plain = reference.Plain;
type Options = Readonly<Record<string, unknown>>;
/** An operation and its gradients, on the reference or on the GPU. */
interface Ops {
  forward(op: Op, x: Plain, w: Plain, options: Options, bias?: Plain): Promise<Plain>;
  backward(op: Op, dy: Plain, x: Plain, w: Plain, options: Options, bias?: Plain): Promise<Record<'dx' | 'dw' | 'db', Plain>>;
}

const OPS = ['conv1d', 'conv2d', 'conv3d', 'convTranspose1d', 'convTranspose2d', 'convTranspose3d', 'resizeConv2d'] as const;
type Op = (typeof OPS)[number];
const GPU = { ...gpu };
const REFERENCE = { ...reference };

const host: Ops = {
  forward: async (op, x, w, options, bias) => REFERENCE[op](x, w, { ...options, ...(bias && { bias }) } as never),
  backward: async (op, dy, x, w, options, bias) => REFERENCE[`${op}Backward`](dy, x, w, { ...options, ...(bias && { bias }) } as never),
};

const device = (ctx: gpu.Context): Ops => {
  const put = ({ data, shape }: Plain) => ctx.tensor(Float32Array.from(data), shape);
  const get = async (t: gpu.Tensor): Promise<Plain> => {
    const data = await t.data();
    t.dispose();
    return { data, shape: t.shape };
  };
  return {
    async forward(op, x, w, options, bias) {
      const given = [x, w, ...(bias ? [bias] : [])].map(put);
      const y = GPU[op](given[0]!, given[1]!, { ...options, ...(bias && { bias: given[2] }) } as never);
      for (const t of given) t.dispose();
      return get(y);
    },
    async backward(op, dy, x, w, options, bias) {
      const given = [dy, x, w, ...(bias ? [bias] : [])].map(put);
      const { dx, dw, db } = GPU[`${op}Backward`](given[0]!, given[1]!, given[2]!, { ...options, ...(bias && { bias: given[3] }) } as never);
      for (const t of given) t.dispose();
      return { dx: await get(dx), dw: await get(dw), db: await get(db) };
    },
  };
};

const like = ({ shape }: Plain, of: (i: number) => number) => ({ data: Float64Array.from({ length: count(shape) }, (_, i) => of(i)), shape });
const add = (a: Plain, b: Plain) => like(a, (i) => a.data[i]! + b.data[i]!);
const times = (a: Plain, b: Plain) => like(a, (i) => a.data[i]! * b.data[i]!);
const dot = (a: Plain, b: Plain): number => times(a, b).data.reduce((sum, v) => sum + v, 0);

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
/** Second derivatives of the activations. */
const CURVATURE: Readonly<Record<string, (z: number) => number>> = {
  none: () => 0,
  relu: () => 0,
  leakyRelu: () => 0,
  tanh: (z) => -2 * Math.tanh(z) * (1 - Math.tanh(z) ** 2),
  sigmoid: (z) => sigmoid(z) * (1 - sigmoid(z)) * (1 - 2 * sigmoid(z)),
  silu: (z) => sigmoid(z) * (1 - sigmoid(z)) * (2 + z * (1 - 2 * sigmoid(z))),
  size: () => 1, // the largest of all
  gelu: (z) => (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * (2 - z * z),
};

interface Point {
  readonly x: Plain;
  readonly w: Plain;
  readonly b: Plain;
  readonly g: Plain;
}
interface Directions {
  readonly u: Plain;
  readonly v: Plain;
  readonly t: Plain;
}

/** dS/dx, dS/dw, dS/db and dS/dg from explicit operations. */
async function second(ops: Ops, op: Op, { x, w, b, g }: Point, { u, v, t }: Directions, linear: Options, act: Options, name: string) {
  const z = await ops.forward(op, x, w, linear, b);
  const q = add(await ops.forward(op, u, w, linear), await ops.forward(op, x, v, linear, t));
  // The derivative of the activation, element by element: a depthwise convolution with ones, whatever the rank, over all positions in a row.
  const [n, c] = z.shape as [number, number];
  const row = [n, c, count(z.shape.slice(2))];
  const ones: Plain = { data: new Float64Array(c).fill(1), shape: [c, 1, 1] };
  const slope = async (dy: Plain): Promise<Plain> => {
    if (name === 'none') return dy;
    const { dx } = await ops.backward('conv1d', { data: dy.data, shape: row }, { data: z.data, shape: row }, ones, { groups: c, ...act });
    return { data: dx.data, shape: z.shape };
  };
  const e = await slope(g);
  const dg = await slope(q);
  const f = times(
    times(g, q),
    like(z, (i) => CURVATURE[name]!(z.data[i]!)),
  );
  const [first, curved] = [await ops.backward(op, e, u, v, linear), await ops.backward(op, f, x, w, linear, b)];
  return { dx: add(first.dx, curved.dx), dw: add(first.dw, curved.dw), db: curved.db, dg };
}

const CASES: readonly (readonly [op: Op, x: readonly number[], w: readonly number[], options: Options])[] = [
  ['conv1d', [2, 3, 7], [2, 3, 3], { stride: 2, padding: 1 }],
  ['conv2d', [1, 4, 5, 4], [4, 2, 3, 2], { stride: [2, 1], padding: [[1, 0], 1], dilation: [1, 2], groups: 2 }],
  ['conv3d', [1, 2, 3, 3, 3], [2, 2, 2, 2, 2], { padding: 1, stride: 2 }],
  ['convTranspose1d', [2, 3, 4], [3, 2, 4], { stride: 2, padding: 1 }],
  ['convTranspose2d', [1, 4, 3, 2], [4, 1, 3, 3], { stride: 2, padding: 1, outputPadding: 1, groups: 2 }],
  ['convTranspose3d', [1, 2, 2, 2, 2], [2, 2, 2, 2, 2], { stride: 2 }],
  ['resizeConv2d', [1, 2, 2, 3], [2, 2, 3, 3], { scaleFactor: 2, padding: 1 }],
];

test.each(CASES)(
  'double backward of %s [%s] * [%s]: finite differences of the reference, and the GPU, with every activation',
  async (op, xShape, wShape, linear) => {
    const ctx = await context();
    const random = (shape: readonly number[], seed: number): Plain => ({ data: Float64Array.from(generate(count(shape), seed)), shape });
    const channels = op.startsWith('convT') ? wShape[1]! * ((linear['groups'] as number | undefined) ?? 1) : wShape[0]!;
    const [x, w, b] = [random(xShape, 1), random(wShape, 2), random([channels], 3)];
    const g = random((await host.forward(op, x, w, linear)).shape, 4);
    const point: Point = { x, w, b, g };
    const directions: Directions = { u: random(xShape, 5), v: random(wShape, 6), t: random([channels], 7) };
    const sizes = <T extends object>(all: T): T =>
      Object.fromEntries(Object.entries(all).map(([name, a]) => [name, like(a as Plain, (i) => Math.abs((a as Plain).data[i]!))])) as T;
    // The size of the sums: the same map of absolute values, where slopes are at most 1.13 and curvatures at most 1.
    const scales = await second(host, op, sizes(point), sizes(directions), linear, {}, 'size');
    for (const name of ['none', 'relu', 'leakyRelu', 'tanh', 'sigmoid', 'silu', 'gelu']) {
      const act = name === 'none' ? {} : { activation: name, ...(name === 'leakyRelu' && { negativeSlope: 0.2 }) };
      const whole = { ...linear, ...act };
      const S = async (p: Point): Promise<number> => {
        const { dx, dw, db } = await host.backward(op, p.g, p.x, p.w, whole, p.b);
        return dot(dx, directions.u) + dot(dw, directions.v) + dot(db, directions.t);
      };
      const exact = await second(host, op, point, directions, linear, act, name);
      const eps = 1e-5;
      for (const key of ['x', 'w', 'b', 'g'] as const) {
        const derivative = exact[`d${key}`];
        for (let i = 0; i < derivative.data.length; i++) {
          const moved = (by: number): Point => ({ ...point, [key]: like(point[key], (k) => point[key].data[k]! + (k === i ? by : 0)) });
          const slope = ((await S(moved(eps))) - (await S(moved(-eps)))) / (2 * eps);
          expect(Math.abs(slope - derivative.data[i]!), `${name}: dS/d${key}[${i}] is ${derivative.data[i]}, differences ${slope}`).toBeLessThan(
            1e-6 * (1 + Math.abs(slope)),
          );
        }
      }
      const got = await second(device(ctx), op, point, directions, linear, act, name);
      for (const key of ['dx', 'dw', 'db', 'dg'] as const) {
        const scale = Math.max(...Float64Array.from(scales[key].data));
        const units = 4 * (4 + 2 * Math.sqrt(count(xShape) + count(wShape)));
        expect(differs(got[key].data, exact[key].data, { units, scale }), `${name}: ${key} on the GPU`).toBe('');
      }
    }
  },
);
