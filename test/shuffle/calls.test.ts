// The public calls: prepared and explained, gradients, options, refusals, the initialiser that goes with them.
import { describe, expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import { conv2d, icnr, interpolate, pixelShuffle, pixelShuffleBackward, pixelUnshuffle, pixelUnshuffleBackward, UpsampleError } from '../../src/index.ts';
import { shufflePlans } from '../../src/ops/shuffle/plan.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate, hash32 } from '../fixtures.ts';
import { context, objectsMade } from '../gpu.ts';
import { EXAMPLES } from './cases.ts';
import { callOf } from './run.ts';

/** Operations by name. */
const GPU = { ...gpu };
const REFERENCE = { ...reference };

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);

test('a prepared call encodes into buffers of the caller; explain tells the same plan', async () => {
  const ctx = await context();
  const spec = { shape: [2, 12, 5, 8], upscaleFactor: 2, order: 'DCR', layout: 'nhwc' } as const;
  const up = await pixelShuffle.prepare(ctx, spec);
  expect(up.output).toEqual({ shape: [2, 3, 10, 16], dtype: 'f32', layout: 'nhwc' });
  expect(up.explain()).toEqual(pixelShuffle.explain(ctx, spec));
  expect(up.explain().bytes).toBe(2 * 960 * 4);
  const data = generate(960, 1);
  const input = ctx.tensor(data, spec.shape, { layout: 'nhwc' });
  const output = ctx.tensor(new Float32Array(960), up.output.shape, { layout: 'nhwc' });
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { input, output });
  ctx.device.queue.submit([encoder.finish()]);
  const { upscaleFactor, order } = spec;
  const expected = reference.pixelShuffle({ data, shape: [...spec.shape], layout: 'nhwc' }, { upscaleFactor, order });
  expect(differs(await output.data(), expected.data, { units: 0, scale: 1 })).toBe('');
  up.dispose();
});

test('<S x, y> = <x, St y>, and each undoes the other', async () => {
  const ctx = await context();
  for (const [shape, factor] of [
    [[2, 18, 5, 7], 3],
    [[1, 8, 9], 4],
    [
      [3, 12, 2, 3, 4],
      [1, 2, 3],
    ],
  ] as const)
    for (const order of ['CRD', 'DCR'] as const)
      for (const layout of ['nchw', 'nhwc'] as const) {
        const x = ctx.tensor(generate(count(shape), 1), shape, { layout });
        const y = pixelShuffle(x, { upscaleFactor: factor, order });
        const dy = ctx.tensor(generate(y.size, 2), y.shape, { layout });
        const dx = pixelShuffleBackward(dy, { upscaleFactor: factor, order });
        expect(dx.shape).toEqual(shape);
        expect(Math.abs(dot(await y.data(), await dy.data()) - dot(await x.data(), await dx.data()))).toBeLessThan(1e-9 * x.size);
        const down = pixelUnshuffle(dy, { downscaleFactor: factor, order });
        expect(await down.data()).toEqual(await dx.data());
        const back = pixelUnshuffleBackward(down, { downscaleFactor: factor, order });
        expect([back.shape, await back.data()]).toEqual([dy.shape, await dy.data()]);
        for (const t of [x, y, dy, dx, down, back]) t.dispose();
      }
});

test('each option acts', async () => {
  const ctx = await context();
  const x = ctx.tensor(generate(16 * 12, 1), [1, 16, 3, 4]);
  const base = await pixelShuffle(x, { upscaleFactor: 2 }).data();
  expect(await pixelShuffle(x, { upscaleFactor: 2, order: 'DCR' }).data()).not.toEqual(base);
  expect(await pixelShuffle(x, { upscaleFactor: 2, order: 'CRD' }).data()).toEqual(base);
  expect(pixelShuffle(x, { upscaleFactor: [4, 2] }).shape).toEqual([1, 2, 12, 8]);
  const wide = ctx.tensor(generate(192, 1), [1, 2, 12, 8]);
  const down = await pixelUnshuffle(wide, { downscaleFactor: 2 }).data();
  expect(await pixelUnshuffle(wide, { downscaleFactor: 2, order: 'DCR' }).data()).not.toEqual(down);
  expect(pixelUnshuffle(wide, { downscaleFactor: [3, 4] }).shape).toEqual([1, 24, 4, 2]);
});

test('an empty batch is an empty result without a dispatch', async () => {
  const ctx = await context();
  const y = pixelShuffle(ctx.tensor([], [0, 8, 3, 4]), { upscaleFactor: 2 });
  expect([y.shape, (await y.data()).length]).toEqual([[0, 2, 6, 8], 0]);
  expect(pixelShuffle.explain(ctx, { shape: [0, 8, 3, 4], upscaleFactor: 2 }).kernels).toEqual([]);
});

const LIMITS = { binding: 2 ** 27, buffer: 2 ** 28, groups: 65535 };
test('the chooser: blocks first on a CPU, neighbouring stores first on a GPU, the plain copy last', () => {
  const names = (i: number, software: boolean) => shufflePlans(callOf(EXAMPLES[i]!), { software, subgroup: 0, limits: LIMITS }).map((p) => p.name);
  const at = EXAMPLES.findIndex((e) => e.channels === 4 && e.size.length === 2 && e.order === 'DCR' && e.layout === 'nhwc');
  expect(names(at, true)).toEqual(['move_block vec4', 'move vec4', 'move_row', 'move_block', 'move']);
  expect(names(at, false)).toEqual(['move vec4', 'move_block vec4', 'move_row', 'move_block', 'move']);
  const odd = EXAMPLES.findIndex((e) => e.channels === 8 && e.size.length === 2 && e.layout === 'nchw');
  expect(names(odd, true)).toEqual(['move_row', 'move_block', 'move']);
  // The table of R10, 236 MB: windows of the channels, and nothing larger than the default binding.
  const plans = shufflePlans(callOf({ ...EXAMPLES[0]!, channels: 64, size: [360, 640], factors: [2, 2], order: 'CRD' }), {
    software: false,
    subgroup: 0,
    limits: LIMITS,
  });
  expect(plans[0]!.steps.length).toBeGreaterThan(1);
  for (const step of plans[0]!.steps) for (const b of Object.values(step.bind)) if (typeof b !== 'string') expect(b.size).toBeLessThanOrEqual(LIMITS.binding);
});

describe('wrong arguments', () => {
  const RANK = 'expected rank 3, 4 or 5: [N, C, ...spatial]';
  const COUNT = 'expected whole numbers of 1 or more';
  test.each<[keyof typeof gpu, readonly number[], unknown, string, gpu.DType?]>([
    ['pixelShuffle', [1, 4, 2, 2], undefined, 'pixelShuffle: upscaleFactor is missing; expected a whole number of 1 or more, or one per spatial axis'],
    ['pixelShuffle', [1, 4, 2, 2], null, 'pixelShuffle: options is null; expected an object with upscaleFactor, order'],
    ['pixelShuffle', [1, 4, 2, 2], { downscaleFactor: 2 }, 'pixelShuffle: unknown option "downscaleFactor"; options are upscaleFactor, order'],
    ['pixelShuffle', [1, 4, 2, 2], { upscaleFactor: 0 }, `pixelShuffle: upscaleFactor is 0; ${COUNT}`],
    ['pixelShuffle', [1, 4, 2, 2], { upscaleFactor: [2, 1.5] }, `pixelShuffle: upscaleFactor is [2, 1.5]; ${COUNT}`],
    [
      'pixelShuffle',
      [1, 4, 2, 2],
      { upscaleFactor: [2] },
      'pixelShuffle: upscaleFactor [2] has 1 values for 2 spatial axes; expected one number or one per axis',
    ],
    ['pixelShuffle', [1, 4, 2, 2], { upscaleFactor: 2, order: 'RCD' }, 'pixelShuffle: order is "RCD"; expected one of CRD, DCR'],
    ['pixelShuffle', [1, 6, 2, 2], { upscaleFactor: 2 }, 'pixelShuffle: x has 6 channels; expected a multiple of 4, the 2 x 2 places of a cell'],
    ['pixelShuffle', [4, 4], { upscaleFactor: 2 }, `pixelShuffle: x [4, 4] has rank 2; ${RANK}`],
    ['pixelShuffle', [1, 4, 0, 2], { upscaleFactor: 2 }, 'pixelShuffle: x [1, 4, 0, 2] has an empty spatial axis; expected spatial sizes of 1 or more'],
    ['pixelUnshuffle', [1, 1, 4, 5], { downscaleFactor: 2 }, 'pixelUnshuffle: axis 3 of x has 5 elements; expected a multiple of downscaleFactor 2'],
    ['pixelUnshuffle', [1, 1, 1, 1, 1, 1], { downscaleFactor: 2 }, `pixelUnshuffle: x [1, 1, 1, 1, 1, 1] has rank 6; ${RANK}`],
    ['pixelShuffleBackward', [1, 1, 4, 5], { upscaleFactor: 2 }, 'pixelShuffleBackward: axis 3 of dy has 5 elements; expected a multiple of upscaleFactor 2'],
    ['pixelShuffleBackward', [1, 1, 4, 4], { upscaleFactor: 2 }, 'pixelShuffleBackward: dy has dtype u32; expected f32 or f16', 'u32'],
    [
      'pixelUnshuffleBackward',
      [1, 6, 2, 2],
      { downscaleFactor: 2 },
      'pixelUnshuffleBackward: dy has 6 channels; expected a multiple of 4, the 2 x 2 places of a cell',
    ],
  ])('%s of [%s], %o', async (op, shape, options, sentence, dtype = 'f32') => {
    const ctx = await context();
    const x = ctx.tensor(new Float32Array(count(shape)), shape, { dtype });
    const run = (f: unknown, given: unknown) => () => (f as (x: unknown, o: unknown) => unknown)(given, options);
    expect(await objectsMade(ctx.device, () => expect(run(GPU[op], x)).toThrow(new UpsampleError('invalid-argument', op, sentence.slice(op.length + 2))))).toBe(
      0,
    );
    expect(run(REFERENCE[op as 'pixelShuffle'], { data: new Float32Array(count(shape)), shape, dtype })).toThrow(sentence);
  });
});

test('3,000 random calls get the same verdict and the same bits from the GPU and the reference', async () => {
  const ctx = await context();
  let state = 0;
  const random = (n: number) => hash32(state++, 31) % n;
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const said = <T>(body: () => T): T | string => {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof UpsampleError)) throw error;
      return `${error.code} ${error.message}`;
    }
  };
  const tally = { accepted: 0, refused: 0 };
  for (let i = 0; i < 3000; i++) {
    const op = pick(['pixelShuffle', 'pixelUnshuffle', 'pixelShuffleBackward', 'pixelUnshuffleBackward'] as const);
    const spatial = random(40) ? 1 + random(3) : pick([0, 4]);
    const factor = () => (random(50) ? 1 + random(3) : pick<unknown>([0, -1, 2.5, Number.NaN, '2', null, undefined, []]));
    const factors = random(2) ? factor() : Array.from({ length: random(40) ? spatial : spatial + 1 }, factor);
    const each = Array.from({ length: spatial }, (_, k) => Number(Array.isArray(factors) ? factors[k] : factors) || 1);
    const deep = op === 'pixelShuffle' || op === 'pixelUnshuffleBackward';
    const cell = Math.abs(Math.trunc(each.reduce((a, b) => a * b, 1)));
    const exact = random(10) > 0;
    const shape = [
      random(30) ? 1 + random(2) : 0,
      (deep && exact ? cell : 1) * (1 + random(4)),
      ...each.map((f) => (deep || !exact ? 1 : Math.abs(Math.trunc(f))) * (random(60) ? 1 + random(5) : 0)),
    ];
    const options = {
      [op.startsWith('pixelS') ? 'upscaleFactor' : 'downscaleFactor']: factors,
      ...(random(2) && { order: pick(random(20) ? ['CRD', 'DCR'] : ['crd', 1]) }),
    };
    const dtype = random(10) ? 'f32' : 'u32';
    const layout = pick(['nchw', 'nhwc'] as const);
    const data = generate(count(shape), i);
    const x = ctx.tensor(data, shape, { dtype, layout });
    const theirs = said(() => REFERENCE[op]({ data: dtype === 'u32' ? Uint32Array.from(data) : data, shape, dtype, layout }, options as never));
    const ours = said(() => GPU[op](x, options as never));
    const call = `${op} ${dtype} ${layout} [${shape}] ${JSON.stringify(options)}`;
    if (typeof theirs === 'string' || typeof ours === 'string') {
      expect(ours, call).toBe(theirs);
      tally.refused++;
    } else {
      tally.accepted++;
      expect(ours.shape, call).toEqual(theirs.shape);
      if (i % 4 === 0) expect(differs(await ours.data(), theirs.data, { units: 0, scale: 1 }), call).toBe('');
      ours.dispose();
    }
    x.dispose();
  }
  console.log('random shuffles:', tally);
  expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(500);
});

describe('icnr', () => {
  test.each(['CRD', 'DCR'] as const)('a pixel shuffle of its convolution is nearest enlargement of one convolution, %s', async (order) => {
    const ctx = await context();
    const x = ctx.tensor(generate(2 * 3 * 5 * 6, 1), [2, 3, 5, 6]);
    const small = generate(4 * 3 * 9, 2);
    const filter = icnr([4 * 6, 3, 3, 3], { upscaleFactor: [2, 3], order, draw: (shape) => (shape.join() === '4,3,3,3' ? small : []) });
    const y = pixelShuffle(conv2d(x, ctx.tensor(filter, [24, 3, 3, 3]), { padding: 1 }), { upscaleFactor: [2, 3], order });
    const z = interpolate(conv2d(x, ctx.tensor(small, [4, 3, 3, 3]), { padding: 1 }), { scaleFactor: [2, 3] });
    expect(y.shape).toEqual(z.shape);
    expect(differs(await y.data(), await z.data(), { units: 4 + 2 * Math.sqrt(27), scale: 27 })).toBe('');
  });

  test('each wrong argument gets its sentence', () => {
    const draw = (shape: readonly number[]) => new Float32Array(count(shape));
    const say = (shape: unknown, options: object, sentence: string) => expect(() => icnr(shape as number[], options as never)).toThrow(sentence);
    say([8, 3, 3], { draw }, 'icnr: upscaleFactor is missing; expected a whole number of 1 or more, or one per spatial axis');
    say([8, 3], { upscaleFactor: 2, draw }, 'icnr: shape [8, 3] has rank 2; expected rank 3, 4 or 5: [outChannels, inChannels/groups, ...kernel]');
    say([8, 3, 3], { upscaleFactor: 3, draw }, 'icnr: shape [8, 3, 3] has 8 output channels; expected a multiple of 3, the places of a cell');
    say([8, 3, 3], { upscaleFactor: 2 }, 'icnr: draw is undefined; expected a function of a shape');
    say([8, 3, 3], { upscaleFactor: 2, draw: () => [1] }, 'icnr: draw gave 1 numbers for [4, 3, 3]; expected 36');
    say([8, 3, 3], { upscaleFactor: 2, draw, order: 'C' }, 'icnr: order is "C"; expected one of CRD, DCR');
    say([8, 3, 3], { upscaleFactor: 2, draw, seed: 1 }, 'icnr: unknown option "seed"; options are upscaleFactor, order, draw');
    say('8', { upscaleFactor: 2, draw }, 'icnr: shape is "8"; expected an array of sizes');
  });
});
