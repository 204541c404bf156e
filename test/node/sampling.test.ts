// Every kernel of the sampling family, in every variant that plans ask for: parameters as declared, and silence from two compilers.
import { parseWgsl, validate } from 'naga-wasm';
import { describe, expect, test } from 'vitest';
import { sampleBackwardCall, sampleCall } from '../../src/ops/sample/arguments.ts';
import { sampleGradientPlans } from '../../src/ops/sample/gradient.ts';
import { samplePlans } from '../../src/ops/sample/plan.ts';
import type { DType, Layout, Step } from '../../src/plan.ts';
import { declare, declared, type Kernel } from '../../src/shader.ts';
import { context } from '../gpu.ts';

const kernels = Object.values(import.meta.glob<Kernel>('../../shaders/sample/*.wgsl', { eager: true, import: 'default' }));
const adapter = { software: false, subgroup: 0, limits: { binding: 2 ** 27, buffer: 2 ** 28, groups: 65535 } };

const steps: Step[] = [];
for (const [xShape, gridShape] of [
  [
    [2, 5, 6, 7],
    [2, 20, 30, 2],
  ],
  [
    [1, 8, 3, 4, 5],
    [1, 2, 3, 4, 3],
  ],
])
  for (const dtype of ['f32', 'f16'] as DType[])
    for (const gridType of new Set<DType>(['f32', dtype]))
      for (const layout of ['nchw', 'nhwc'] as Layout[])
        for (const mode of ['nearest', 'bilinear', 'bicubic'] as const) {
          const x = { shape: xShape!, dtype, layout, skew: 4 };
          const call = sampleCall('sampling', x, { shape: gridShape!, dtype: gridType, layout: 'nchw', skew: 0 }, { mode });
          for (const plan of [...samplePlans(call, adapter), ...sampleGradientPlans(sampleBackwardCall(call.y, call, undefined), adapter)])
            steps.push(...plan.steps);
        }

describe.each(kernels.map((k) => [k.name, k] as const))('%s', (name, kernel) => {
  const own = steps.filter((s) => s.kernel.name === name);
  const { bindings, params: struct, overrides } = declared(kernel);

  test('gets exactly the parameters, overrides and bindings it declares', () => {
    expect(own.length).toBeGreaterThan(0);
    const sorted = (words: readonly string[]) => words.toSorted().join();
    for (const { params, constants, bind } of own) {
      expect(sorted(Object.keys(params))).toBe(sorted(struct.fields.map((f) => f.name)));
      expect(sorted(Object.keys(constants))).toBe(sorted(overrides));
      expect(sorted(Object.keys(bind))).toBe(sorted(bindings.filter((b) => b.type !== 'uniform').map((b) => b.name)));
      for (const { name: field, type } of struct.fields) {
        const list = [params[field]!].flat() as number[];
        expect(list.length, field).toBe(Number(/^vec(\d)/.exec(type)?.[1] ?? 1));
        expect(
          list.every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32),
          `${field} is ${list}`,
        ).toBe(true);
      }
    }
  });

  test('compiles in silence with all types that plans ask for, here and in naga', async () => {
    const { device } = await context();
    for (const types of new Map(own.map((s) => [JSON.stringify(s.types), s.types])).values()) {
      const code = declare(kernel, types);
      device.pushErrorScope('validation');
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      const error = await device.popErrorScope();
      expect([...messages.map((m) => `${m.lineNum}: ${m.message}`), ...(error ? [error.message] : [])], JSON.stringify(types)).toEqual([]);
      validate(parseWgsl(code)).free();
    }
  });
});
