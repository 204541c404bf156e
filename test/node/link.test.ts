import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { link, minify, reflect, whereIs } from '../../shaders/plugin.ts';
import { context } from '../gpu.ts';

const LIB: Record<string, string> = {
  one: '//! one\nfn one(a: u32) -> u32 { return a; }',
  two: 'import package::lib::one::{one};\nfn two() -> u32 { return one(1u); }',
  same: 'fn one() {}',
  shared:
    'const SIZE = 4u;\n@align(16) struct Pair { a: u32, b: u32 }\nalias number = f32;\noverride WIDE: bool = false;\nvar<workgroup> cells: array<u32, 4>;',
  broken: '// one\n// two\nfn bad() -> u32 { return nope; }',
  ring: 'import package::lib::gnir::{b};\nfn a() {}',
  gnir: 'import package::lib::ring::{a};\nfn b() {}',
};
const read = (name: string): string => LIB[name] ?? expect.fail(`no lib/${name}.wgsl`);
const run = (text: string) => link('k', text, read);

describe('link', () => {
  test('adds every file once and keeps the lines of the root', () => {
    const { code, map } = run('import package::lib::two::{two};\nimport package::lib::one::{one};\nfn main() { _ = two() + one(1u); }');
    expect(code.split('\n')[2]).toBe('fn main() { _ = two() + one(1u); }');
    expect(code.match(/fn one\(/g)).toHaveLength(1);
    expect(map.map(([, file]) => file)).toEqual(['k.wgsl', 'lib/two.wgsl', 'lib/one.wgsl']);
  });

  test.each([
    ['import package::lib::one::{nope};', 'k.wgsl: lib/one.wgsl does not define nope'],
    ['import package::lib::absent::{f};', 'no lib/absent.wgsl'],
    ['import package::lib::one::one;', 'k.wgsl: cannot read "import package::lib::one::one;"'],
    ['  import package::lib::one::{one};', 'cannot read'],
    ['import package::lib::one::{one}', 'cannot read'],
    ['import package::lib::same::{one};\nimport package::lib::one::{one};', 'lib/one.wgsl: one is already defined in lib/same.wgsl'],
    ['import package::lib::one::{one};\nfn one() {}', 'lib/one.wgsl: one is already defined in k.wgsl'],
    ['import package::lib::shared::{SIZE};\nconst SIZE = 1u;', 'SIZE is already defined'],
    ['import package::lib::shared::{SIZE};\nstruct Pair { a: u32 }', 'Pair is already defined'],
    ['import package::lib::shared::{SIZE};\nalias number = u32;', 'number is already defined'],
    ['import package::lib::shared::{SIZE};\noverride WIDE: u32;', 'WIDE is already defined'],
    ['import package::lib::shared::{SIZE};\n@group(0) @binding(0) var<storage, read> cells: array<u32>;', 'cells is already defined'],
    ['fn f() {}\nfn f() {}', 'k.wgsl: f is already defined in k.wgsl'],
  ])('%s', (text, message) => {
    expect(() => run(text)).toThrow(message);
  });

  test('knows all kinds of globals', () => {
    expect(run('import package::lib::shared::{SIZE, Pair, number, WIDE, cells};').map).toHaveLength(2);
  });

  test('rings end', () => {
    expect(run('import package::lib::ring::{a};').map).toHaveLength(3);
  });

  test('a message of the compiler leads to its file and line', async () => {
    const { code, map } = run('import package::lib::broken::{bad};\n@compute @workgroup_size(1)\nfn main() { _ = bad(); }');
    const { device } = await context();
    device.pushErrorScope('validation');
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    await device.popErrorScope();
    expect(whereIs(map, messages[0]!.lineNum)).toBe('lib/broken.wgsl:3');
  });
});

describe('minify', () => {
  test.each([
    ['a; // one\nb;', 'a;\nb;'],
    ['a; /* one\n two */ b;', 'a;b;'],
    ['a /* x /* nested */ y */ + b', 'a+b'],
    ['let a = b / *p;', 'let a=b / *p;'],
    ['let a = b - -c;', 'let a=b - -c;'],
    ['fn f( a : u32 ,  b : u32 ) -> u32 { return a ; }', 'fn f(a:u32,b:u32)->u32{return a;}'],
    ['a\n\n\n   b', 'a\nb'],
    ['/// doc\n//! doc\nfn f() {}', 'fn f(){}'],
  ])('%j', (text, short) => {
    expect(minify(text).replaceAll(' ->', '->').replaceAll('-> ', '->')).toBe(short);
  });

  const dir = join(import.meta.dirname, '../../shaders');
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.wgsl') && !f.startsWith('lib') && f.startsWith('resample'));
  const linked = (file: string) => {
    const name = file.replace(/\.wgsl$/, '');
    return { name, code: link(name, readFileSync(join(dir, file), 'utf8'), (lib) => readFileSync(join(dir, 'lib', `${lib}.wgsl`), 'utf8')).code };
  };
  test.each(files)('%s: what ships is shorter, compiles in silence and reflects the same', async (file) => {
    const { name, code } = linked(file);
    const short = minify(code);
    expect(short.length).toBeLessThan(0.8 * code.length);
    expect(reflect(name, short)).toEqual(reflect(name, code));
    const { device } = await context();
    const { messages } = await device.createShaderModule({ code: short }).getCompilationInfo();
    expect(messages.map((m) => m.message)).toEqual([]);
  });
});

describe('reflect', () => {
  const PARAMS = 'struct Params { n: u32, size: vec3u, scale: f32 }\n@group(0) @binding(1) var<uniform> params: Params;\n';
  const X = '@group(0) @binding(0) var<storage, read> x: array<u32>;\n@group(0) @binding(2) var<storage, read_write> y: array<u32>;\n';
  const MAIN = '@compute @workgroup_size(64) fn main() { y[0] = x[params.n] + params.size.x + WIDE; }';

  test('finds bindings, offsets and overrides', () => {
    const { bindings, params, overrides } = reflect('k', `override WIDE: u32;\n${PARAMS}${X}${MAIN}`);
    expect(bindings).toEqual([
      { name: 'x', binding: 0, type: 'read-only-storage' },
      { name: 'params', binding: 1, type: 'uniform' },
      { name: 'y', binding: 2, type: 'storage' },
    ]);
    expect(params.fields).toEqual([
      { name: 'n', type: 'u32', offset: 0 },
      { name: 'size', type: 'vec3u', offset: 16 },
      { name: 'scale', type: 'f32', offset: 28 },
    ]);
    expect(params.size).toBe(32);
    expect(overrides).toEqual(['WIDE']);
  });

  test.each([
    [`${PARAMS}${X}fn main() {}`, 'k: exactly one @compute entry called main'],
    [`override WIDE: u32;\n${PARAMS}${X}${MAIN.replace('fn main', 'fn start')}`, 'k: exactly one @compute entry called main'],
    [`override WIDE: u32;\n${PARAMS}${X}@group(0) @binding(3) var<storage, read> z: array<u32>;\n${MAIN}`, 'k: binding z is not used'],
    [`override WIDE: u32;\n${PARAMS.replaceAll('Params', 'Sizes')}${X}${MAIN}`, 'k: declare struct Params'],
    [`override WIDE: u32;\n${PARAMS.replace('n: u32', 'n: u32, m: mat4x4f')}${X}${MAIN}`, 'Params.m is mat4x4f; use one of'],
    // What the library's own reading of declarations would miss or misread.
    [`override WIDE: u32;\n${PARAMS}${X.replace('@group(0) @binding(0)', '@binding(0) @group(0)')}${MAIN}`, 'k: src/shader.ts reads'],
    [`override WIDE: u32;\n${PARAMS.replace('n: u32', '@align(16) n: u32, @align(16) m: u32')}${X}${MAIN}`, 'k: src/shader.ts reads'],
    [`override\nWIDE: u32;\n${PARAMS}${X}${MAIN}`, 'k: src/shader.ts reads'],
  ])('refuses %#', (code, message) => {
    expect(() => reflect('k', code)).toThrow(message);
  });
});
