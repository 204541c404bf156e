import { afterAll, describe, expect, test } from 'vitest';
import type { InterpolateOptions, ResizeOptions } from '../../src/index.ts';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { type Case, differs, load, type Numbers, type Rec, samplesDiffer } from '../fixtures.ts';
import { context } from '../gpu.ts';
import type { Call, Example } from './cases.ts';
import { boundOf, checkPlans, type Direction, directionsOf, OFFSETS, unitsOf, wrapped } from './run.ts';

const GPU = { ...gpu };
const REFERENCE = { ...reference };
const floats = (data: Numbers) => (data instanceof Float32Array ? data : Float32Array.from(data)) as Float32Array<ArrayBuffer>;

/** Cases passed and asked, by set and operation: what the README's table of conformance quotes. */
const table = new Map<string, { passed: number; total: number }>();
afterAll(() => {
  for (const [name, { passed, total }] of table) console.log(`conformance: ${name}: ${passed}/${total}`);
});
function tally(name: string, faults: readonly string[]): readonly string[] {
  const row = table.get(name) ?? { passed: 0, total: 0 };
  table.set(name, row);
  row.total++;
  if (!faults.length) row.passed++;
  return faults;
}

const directions = (call: Call, layout: Example['layout'] = 'nchw'): [Direction, Direction] =>
  directionsOf({ call, layout, dtype: 'f32' }) as [Direction, Direction];

/** Asks the GPU and the reference, by the public functions, and describes what differs from the answer. */
async function ask(map: Direction, data: Numbers, judge: (values: ArrayLike<number>, units: number) => string, rounded = false): Promise<string[]> {
  const ctx = await context();
  const { layout, call } = map.example;
  const [op, shape, options] = call;
  const x = ctx.tensor(floats(data), map.from, { layout });
  const plain = { data, shape: map.from, layout };
  const y = map.backward ? GPU[`${op}Backward`](x, shape, options as never) : GPU[op](x, options as never);
  const expected = map.backward ? REFERENCE[`${op}Backward`](plain, shape, options as never) : REFERENCE[op](plain, options as never);
  const values = await y.data();
  const odd =
    y.shape.join() === map.to.join() && expected.shape.join() === map.to.join() ? '' : `shapes [${y.shape}], [${expected.shape}], expected [${map.to}]`;
  for (const t of [x, y]) t.dispose();
  const units = unitsOf(map);
  // PyTorch's answers were rounded once from float64, half a unit; the others were computed in float32.
  const said = [odd, judge(values, units), judge(expected.data, rounded ? Math.min(units, 1) : units)];
  const who = map.backward ? 'gradient' : 'result';
  return said.flatMap((s, i) => (s ? [`${who}, ${['shape', 'GPU', 'reference'][i]}: ${s}`] : []));
}

const scaleOf = (rec: Rec) => rec.scaleAbs ?? rec.maxAbs ?? 1;

/** A judge by a record of PyTorch's: its data, or samples and a dot product, under the mask of what is defined. */
const judged =
  (rec: Rec, exact: boolean, defined?: Rec) =>
  (values: ArrayLike<number>, units: number): string => {
    const bound = { units: exact ? 0 : units, scale: scaleOf(rec) };
    if (rec.samples) return samplesDiffer(values, rec, bound);
    if (!defined) return differs(values, rec.data, bound);
    const at = [...defined.data.keys()];
    const compared = at.filter((i) => defined.data[i] === 1);
    const pick = (list: ArrayLike<number>) => compared.map((i) => list[i]!);
    const finite = at.filter((i) => defined.data[i] === 2 && Number.isFinite(values[i]));
    return differs(pick(values), pick(rec.data), bound) || (finite.length ? `elements ${finite} are finite` : '');
  };

const given = <T extends object>(options: T): T => Object.fromEntries(Object.entries(options).filter(([, v]) => v !== null && v !== undefined)) as T;

/** A case of PyTorch's in our words; nearest modes by both rules for indices. */
function torchCalls({ op, attrs: a, inputs }: Case): Call[] {
  const shape = inputs[0]!.shape;
  if (op === 'bed_of_nails') return [[`bedOfNails${(shape.length - 2) as 1 | 2 | 3}d`, shape, { stride: a['stride'] as number[] }]];
  const options = given({
    mode: a['mode'],
    size: a['size'],
    scaleFactor: a['scale_factor'],
    alignCorners: a['align_corners'],
    antialias: a['antialias'] || undefined,
    recomputeScaleFactor: a['recompute_scale_factor'],
  }) as InterpolateOptions;
  const calls: Call[] = [['interpolate', shape, options]];
  if (options.mode?.startsWith('nearest')) calls.push(['interpolate', shape, { ...options, indexRule: 'torch' }]);
  return calls;
}

describe('PyTorch', () => {
  test.each([
    ['torch', 'interpolate', 284],
    ['torch', 'bed_of_nails', 5],
    ['torch-exact', 'interpolate', 18],
    ['torch-large', 'interpolate', 8],
  ] as const)(
    '%s %s: %i cases',
    async (set, op, total) => {
      const faults: string[] = [];
      const cases = await load(set, [op]);
      for (const c of cases)
        for (const call of torchCalls(c)) {
          const [forward, backward] = directions(call);
          const found = await ask(forward, c.inputs[0]!.data, judged(c.outputs[0]!, set === 'torch-exact', c.outputs[1]), true);
          if (c.grads[0]) found.push(...(await ask(backward, c.cotangents[0]!.data, judged(c.grads[0], set === 'torch-exact'), true)));
          const rule = 'indexRule' in call[2] ? ', indexRule torch' : '';
          faults.push(...tally(`${set} ${op}${rule}`, found).map((f) => `${c.name}${rule}: ${f}`));
        }
      expect(faults).toEqual([]);
      expect(cases.length).toBe(total);
    },
    300_000,
  );

  test('every plan, with wrapped tensors and under low limits', async () => {
    const { device } = await context();
    const ctx = gpu.fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
    const faults: string[] = [];
    let runs = 0;
    for (const c of await load('torch', ['interpolate', 'bed_of_nails'])) {
      if (c.tags?.includes('special') || c.name.includes('empty')) continue; // not finite: above; empty: nothing runs
      const [forward, backward] = directions(torchCalls(c)[0]!);
      for (const [map, rec] of [
        [forward, c.inputs[0]],
        [backward, c.cotangents[0]],
      ] as const) {
        if (!rec) continue;
        const result = await checkPlans(ctx, map, { data: floats(rec.data), upload: (data) => wrapped(ctx, map, OFFSETS.f32[runs % 4]!, data) });
        runs += result.ran;
        faults.push(...result.faults);
      }
    }
    ctx.destroy();
    expect(faults).toEqual([]);
    expect(runs).toBeGreaterThan(1000);
  }, 300_000);
});

/** Judges by a plain list: units by the table of tolerances, of sums as large as the reference finds them. */
const listed = (map: Direction, x: Numbers, y: Rec) => (values: ArrayLike<number>, units: number) => differs(values, y.data, { ...boundOf(map, x), units });

/** ONNX node tests that ONNX Runtime fails by design: they want the fractional length of align_corners. */
const CONTESTED = ['test_resize_downsample_scales_linear_align_corners', 'test_resize_downsample_scales_cubic_align_corners'];

function onnxCall({ name, op, attrs: a, params: p, inputs }: Case): Call {
  const shape = inputs[0]!.shape;
  if (op === 'Upsample') return ['resize', shape, { scales: p!['scales']!, coordinateTransformationMode: 'asymmetric', nearestMode: 'floor' }];
  const options = given({
    mode: a['mode'],
    coordinateTransformationMode: a['coordinate_transformation_mode'],
    nearestMode: a['nearest_mode'],
    cubicCoeffA: a['cubic_coeff_a'],
    excludeOutside: a['exclude_outside'] === 1 || undefined,
    antialias: a['antialias'] === 1 || undefined,
    axes: a['axes'],
    keepAspectRatioPolicy: a['keep_aspect_ratio_policy'],
    extrapolationValue: a['extrapolation_value'],
    fractionalCorners: CONTESTED.includes(name) || undefined,
    ...p,
  }) as ResizeOptions;
  return ['resize', shape, options];
}

describe('ONNX', () => {
  test.each([
    ['Resize', 23],
    ['Upsample', 1],
  ])('%s: %i cases', async (op, total) => {
    const faults: string[] = [];
    const cases = await load('onnx-node', [op]);
    for (const c of cases) {
      const [forward] = directions(onnxCall(c));
      const x = c.inputs[0]!.data;
      const contested = CONTESTED.includes(c.name) ? ' (contested, with fractionalCorners)' : '';
      faults.push(...tally(`onnx-node ${op}${contested}`, await ask(forward, x, listed(forward, x, c.outputs[0]!))).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(total);
  });

  test('the contested cases differ without the named option', async () => {
    for (const c of (await load('onnx-node', ['Resize'])).filter(({ name }) => CONTESTED.includes(name))) {
      const [op, shape, { fractionalCorners, ...options }] = onnxCall(c) as ['resize', number[], ResizeOptions];
      expect(fractionalCorners).toBe(true);
      const y = REFERENCE[op]({ data: c.inputs[0]!.data, shape }, options);
      expect(differs(y.data, c.outputs[0]!.data, { units: 1e4, scale: 16 })).not.toBe('');
    }
  });
});

/** WebNN: always the ratio of sizes, half-pixel, ties to the smaller index. */
function webnnCall({ attrs: a, inputs }: Case): Call {
  const shape = inputs[0]!.shape;
  const axes = (a['axes'] as number[] | undefined) ?? [2, 3];
  const scales = (a['scales'] as number[] | undefined) ?? [1, 1];
  const sizes = (a['sizes'] as number[] | undefined) ?? axes.map((axis, i) => Math.floor(shape[axis]! * scales[i]!));
  return ['resize', shape, { mode: a['mode'] === 'linear' ? 'linear' : 'nearest', axes, sizes }];
}

test('WebNN resample2d: 13 cases', async () => {
  const faults: string[] = [];
  const cases = await load('wpt-webnn', ['resample2d']);
  for (const c of cases) {
    const [forward] = directions(webnnCall(c));
    const x = c.inputs[0]!.data;
    faults.push(...tally('wpt-webnn resample2d', await ask(forward, x, listed(forward, x, c.outputs[0]!))).map((f) => `${c.name}: ${f}`));
  }
  expect(faults).toEqual([]);
  expect(cases.length).toBe(13);
});

/** tfjs: channels last; asymmetric unless a flag says otherwise. */
function tfjsCall({ op, attrs: a, inputs }: Case): Call {
  const [n, h, w, c] = inputs.at(-1)!.shape as [number, number, number, number];
  const { alignCorners, halfPixelCenters } = a as { alignCorners: boolean; halfPixelCenters: boolean };
  const nearest = op.startsWith('ResizeNearest');
  const options: ResizeOptions = {
    axes: [2, 3],
    sizes: a['size'] as number[],
    mode: nearest ? 'nearest' : 'linear',
    coordinateTransformationMode: alignCorners ? 'align_corners' : halfPixelCenters ? (nearest ? 'tf_half_pixel_for_nn' : 'half_pixel') : 'asymmetric',
    ...(nearest && { nearestMode: alignCorners ? ('round_prefer_ceil' as const) : ('floor' as const) }),
  };
  return ['resize', [n, c, h, w], options];
}

/** Gradients that tfjs computes as if halfPixelCenters were false: the true gradient is compared with the transposed map instead. */
const wrongInTfjs = ({ op, attrs }: Case) => op.endsWith('Grad') && attrs['halfPixelCenters'] === true;

describe('tfjs', () => {
  test.each([
    ['ResizeBilinear', 20],
    ['ResizeBilinearGrad', 13],
    ['ResizeNearestNeighbor', 20],
    ['ResizeNearestNeighborGrad', 11],
  ])('%s: %i cases', async (op, total) => {
    const faults: string[] = [];
    const cases = await load('tfjs', [op]);
    for (const c of cases) {
      const map = directions(tfjsCall(c), 'nhwc')[op.endsWith('Grad') ? 1 : 0]!;
      const x = c.inputs[0]!.data;
      expect(wrongInTfjs(c), `${c.name} would need the true gradient`).toBe(false);
      faults.push(...tally(`tfjs ${op}`, await ask(map, x, listed(map, x, c.outputs[0]!))).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(total);
  });
});
