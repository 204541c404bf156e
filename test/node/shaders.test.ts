import { parseWgsl, validate } from 'naga-wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { resamplePlans, selectionPlans, spatialPlans } from '../../src/ops/resample/plan.ts';
import type { Adapter, DType, Step } from '../../src/plan.ts';
import { declare, declared, type Kernel } from '../../src/shader.ts';
import { context } from '../gpu.ts';
import { EXAMPLES, HALVES, TILE_EXAMPLES, WIDE } from '../resample/cases.ts';
import { callOf, copies, directionsOf } from '../resample/run.ts';

const kernels = Object.values(import.meta.glob<Kernel>('../../shaders/resample/*.wgsl', { eager: true, import: 'default' }));

const LIMITS = { binding: 2 ** 27, buffer: 2 ** 28, groups: 65535 };
const ADAPTERS: readonly Adapter[] = [
  { software: false, subgroup: 0, limits: LIMITS },
  { software: true, subgroup: 8, limits: LIMITS },
  { software: true, subgroup: 4, limits: { binding: 2 ** 16, buffer: 2 ** 18, groups: 7 } },
];

/** Every step that a plan asks for, once a kernel, its types and its constants. */
const steps = new Map<string, Step>();
const all: Step[] = [];
beforeAll(() => {
  for (const adapter of ADAPTERS)
    for (const skew of [0, 1])
      for (const example of [...TILE_EXAMPLES, ...EXAMPLES, ...WIDE, ...HALVES])
        for (const map of directionsOf(example))
          for (const plan of resamplePlans(callOf(map, skew), adapter))
            for (const step of plan.steps) {
              all.push(step);
              steps.set(JSON.stringify([step.kernel.name, step.types, step.constants]), step);
            }
});

test('maps along spatial axes, and those of them that copy, have all their plans without the others at hand', () => {
  let spatial = 0;
  let selections = 0;
  for (const adapter of ADAPTERS)
    for (const example of [...EXAMPLES, ...HALVES])
      for (const map of directionsOf(example)) {
        if (map.example.call[0] === 'resize') continue;
        const call = callOf(map);
        const plans = resamplePlans(call, adapter);
        expect(spatialPlans(call, adapter)).toEqual(plans);
        spatial++;
        if (!copies(map)) continue;
        expect(selectionPlans(call, adapter)).toEqual(plans);
        selections++;
      }
  expect(spatial).toBeGreaterThan(selections);
  expect(selections).toBeGreaterThan(100);
});

describe.each(kernels.map((k) => [k.name, k] as const))('%s', (name, kernel) => {
  const own = () => [...steps.values()].filter((s) => s.kernel.name === name);

  test('is asked for by some plan', () => {
    expect(own().length).toBeGreaterThan(0);
  });

  test('gets exactly the parameters, overrides and bindings it declares', () => {
    const { bindings, params: struct, overrides } = declared(kernel);
    const fields = struct.fields.map((f) => f.name).sort();
    const bound = bindings.filter((b) => b.type !== 'uniform').map((b) => b.name);
    const same = (given: object, declared: readonly string[]) => Object.keys(given).sort().join() === declared.toSorted().join();
    for (const step of all) {
      if (step.kernel.name !== name) continue;
      if (!same(step.params, fields) || !same(step.constants, overrides) || !same(step.bind, bound)) expect.fail(JSON.stringify(step));
      for (const { name: field, type } of struct.fields) {
        const value = step.params[field]!;
        const list = typeof value === 'number' ? [value] : value;
        const whole = type.endsWith('f') || type === 'f32' || list.every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32);
        if (list.length !== Number(/^vec(\d)/.exec(type)?.[1] ?? 1) || !whole) expect.fail(`${name}: ${field} is ${value}, declared ${type}`);
      }
    }
  });

  test('compiles in silence with all types that plans ask for, here and in naga', async () => {
    const { device } = await context();
    const half = device.features.has('shader-f16');
    const variants = new Map(own().map((s) => [JSON.stringify(s.types), s.types]));
    let seen = 0;
    for (const types of variants.values()) {
      const code = declare(kernel, types);
      if (half || !code.includes('enable f16')) {
        device.pushErrorScope('validation');
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        const error = await device.popErrorScope();
        expect([...messages.map((m) => `${m.lineNum}: ${m.message}`), ...(error ? [error.message] : [])], JSON.stringify(types)).toEqual([]);
        seen++;
      }
      validate(parseWgsl(code)).free();
    }
    console.log(`${name}: ${variants.size} variants of types, ${seen} compiled by this device`);
  });
});

test('sums have variants for f32 and f16', () => {
  for (const name of ['gather', 'tile', 'tile_row', 'tile_pixel'])
    expect(new Set([...steps.values()].filter((s) => s.kernel.name === `resample/${name}`).map((s) => s.types['real'] as DType))).toEqual(
      new Set(['f32', 'f16']),
    );
});

describe('declare', () => {
  const kernel = { name: 'k', code: 'alias real = f32;\nconst TAPS = 4u;\nfn f() {}' } as Kernel;
  test('rewrites by name, keeps lines', () => {
    expect(declare(kernel, { TAPS: '7u' })).toBe('alias real = f32;\nconst TAPS = 7u;\nfn f() {}');
    expect(declare(kernel, { real: 'f16' })).toBe('enable f16; alias real = f16;\nconst TAPS = 4u;\nfn f() {}');
  });
  test('refuses what is not there', () => {
    expect(() => declare(kernel, { reals: 'f16' })).toThrow('k has no line "alias reals = …;" or "const reals = …;"');
  });
});
