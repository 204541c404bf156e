// Every kernel of arrangements, convolutions, normalisations and products in a second compiler: as it stands, with f16 storage, and four elements at a time.
import { parseWgsl, validate } from 'naga-wasm';
import { expect, test } from 'vitest';
import { declare, type Kernel } from '../../src/shader.ts';
import { context } from '../gpu.ts';

const kernels = Object.values(import.meta.glob<Kernel>('../../shaders/{arrange,conv,matmul,norm}/*.wgsl', { eager: true, import: 'default' }));

/** The rewritten lines of a kernel's variants. */
function variants({ name, code }: Kernel): Record<string, string>[] {
  const names = Array.from(code.matchAll(/^alias (\w+)/gm), ([, name]) => name!);
  const reals = names.filter((name) => name.startsWith('real_'));
  const num = name === 'conv/map_depthwise' ? { num: 'vec4f' } : {}; // four channels at a time, always
  const of = (real: string) => ({ ...Object.fromEntries(reals.map((name) => [name, real])), ...num });
  const four = names.includes('lanes') ? ['f32', 'vec4<f32>'].map((coef) => ({ ...of('vec4<f32>'), lanes: 'vec4<f32>', coef_type: coef })) : [];
  const halves = four.map((types) => ({ ...types, real_x: 'vec4<f16>' }));
  return [num, ...(reals.length ? [of('f16')] : []), ...four, ...halves, ...(names.includes('word') ? [{ word: 'vec4<u32>' }] : [])];
}

test.each(kernels.map((k) => [k.name, k] as const))('%s', async (_, kernel) => {
  const { device } = await context();
  for (const types of variants(kernel)) {
    const code = declare(kernel, types);
    validate(parseWgsl(code.replace(/^(.*?)enable subgroups; diagnostic\(off, subgroup_uniformity\); /, '$1'))).free(); // naga has them, but does not know their directives
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(
      messages.map((m) => m.message),
      JSON.stringify(types),
    ).toEqual([]);
  }
});
