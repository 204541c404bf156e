import { beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/index.ts';
import { loadSafetensors, parseSafetensors, saveSafetensors } from '../../src/io/index.ts';
import { context, thrown } from '../gpu.ts';

let ctx: Context;
beforeAll(async () => {
  ctx = await context();
});

/** A file from its header, as text or data, and its bytes. */
function file(header: object | string, data: ArrayLike<number> = [], length?: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const entry = (dtype: string, shape: number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });
const single = (dtype: string, view: ArrayBufferView, shape = [1]) => file({ x: entry(dtype, shape, 0, view.byteLength) }, bytesOf(view));

describe('every element type', () => {
  const cases: [dtype: string, view: ArrayBufferView, becomes: string, expected: number[]][] = [
    ['F32', Float32Array.of(1.5, -0, 2 ** -149, Number.NaN, Number.NEGATIVE_INFINITY), 'f32', [1.5, -0, 2 ** -149, Number.NaN, Number.NEGATIVE_INFINITY]],
    ['F16', Uint16Array.of(0x3c00, 0x8000, 0x0001, 0x7bff, 0xfc00), 'f32', [1, -0, 2 ** -24, 65504, Number.NEGATIVE_INFINITY]],
    ['BF16', Uint16Array.of(0x3f80, 0xc049, 0x0001, 0xff80), 'f32', [1, -3.140625, 2 ** -133, Number.NEGATIVE_INFINITY]],
    ['F64', Float64Array.of(0.5, -3, 2 ** 100, Number.NaN), 'f32', [0.5, -3, 2 ** 100, Number.NaN]],
    ['I64', BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n, -1n), 'i32', [-(2 ** 31), 2 ** 31 - 1, -1]],
    ['U64', BigUint64Array.of(0n, 2n ** 32n - 1n), 'u32', [0, 2 ** 32 - 1]],
    ['I32', Int32Array.of(-5, 7), 'i32', [-5, 7]],
    ['I16', Int16Array.of(-5, 32767), 'i32', [-5, 32767]],
    ['I8', Int8Array.of(-128, 127), 'i32', [-128, 127]],
    ['U32', Uint32Array.of(4294967295, 7), 'u32', [4294967295, 7]],
    ['U16', Uint16Array.of(65535, 7), 'u32', [65535, 7]],
    ['U8', Uint8Array.of(255, 7, 3), 'u32', [255, 7, 3]],
    ['BOOL', Uint8Array.of(1, 0), 'u32', [1, 0]],
  ];
  for (const [dtype, view, becomes, expected] of cases)
    it(`${dtype} becomes ${becomes}, wherever it begins`, async () => {
      for (let shift = 0; shift < 9; shift++) {
        const n = expected.length;
        const data = [...new Uint8Array(shift), ...bytesOf(view)];
        const source = file({ before: entry('U8', [shift], 0, shift), 'a.weight': entry(dtype, [n, 1], shift, data.length) }, data);
        const { 'a.weight': x } = await loadSafetensors(ctx, source, { only: (name) => name === 'a.weight' });
        expect([x!.dtype, x!.shape]).toEqual([becomes, [n, 1]]);
        expect(Array.from(await x!.data())).toEqual(expected);
        x!.dispose();
      }
    });

  it('refuses what does not fit', async () => {
    const of = async (dtype: string, view: ArrayBufferView) => (await thrown(() => loadSafetensors(ctx, single(dtype, view)))).message;
    expect(await of('F64', Float64Array.of(0.1))).toBe(
      'loadSafetensors: element 0 of "x", F64, is 0.1; expected numbers that f32 holds; lossy: true rounds them',
    );
    expect(await of('I64', BigInt64Array.of(2n ** 31n))).toBe('loadSafetensors: element 0 of "x", I64, is 2147483648; expected whole numbers of 32 bits');
    expect(await of('U64', BigUint64Array.of(2n ** 32n))).toMatch('is 4294967296; expected whole numbers of 32 bits');
    const { x } = await loadSafetensors(ctx, single('F64', Float64Array.of(0.1)), { lossy: true });
    expect(await x!.item()).toBe(Math.fround(0.1));
    x!.dispose();
  });
});

describe('malformed files get their sentence, and leave nothing behind', () => {
  const ok = entry('F32', [1], 0, 4);
  const cases: [name: string, source: Uint8Array<ArrayBuffer>, sentence: string][] = [
    ['empty', new Uint8Array(0), 'the file has 0 bytes; expected 8 with the length of the header'],
    ['cut in the header', file({ x: ok }, [], 500), 'the header has 500 bytes but the file only'],
    ['a length beyond numbers', new Uint8Array(20).fill(255), 'bytes but the file only 20'],
    ['not JSON', file('{"x":'), 'the header is no JSON'],
    ['not UTF-8', new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), 'the header is no JSON'],
    ['a list', file('[]'), 'the header is []; expected an object with one entry a tensor'],
    ['an entry that is none', file({ x: 3 }), '"x" is 3; expected { dtype, shape, data_offsets }'],
    ['an unknown dtype', file({ x: entry('F8_E4M3', [1], 0, 1) }, [0]), 'dtype of "x" is "F8_E4M3"; expected one of F64, F32'],
    ['an inherited name as dtype', file({ x: entry('toString', [1], 0, 1) }, [0]), 'dtype of "x" is "toString"'],
    ['no dtype', file({ x: { shape: [1], data_offsets: [0, 4] } }, [0, 0, 0, 0]), 'dtype of "x" is undefined'],
    ['a negative size', file({ x: entry('F32', [-1], 0, 4) }, [0, 0, 0, 0]), 'shape of "x" is [-1]; expected whole numbers, not negative'],
    ['half offsets', file({ x: { dtype: 'F32', shape: [1], data_offsets: [0] } }), 'data_offsets of "x" are [0]; expected [begin, end]'],
    ['an end beyond the file', file({ x: ok }, [0, 0]), '"x" ends at byte 4 of 2; expected a whole file'],
    ['the wrong length', file({ x: entry('F32', [2], 0, 4) }, [0, 0, 0, 0]), '"x" has 4 bytes for F32 [2]; expected 8'],
    ['an overlap', file({ x: ok, y: entry('F32', [1], 2, 6) }, new Uint8Array(6)), '"y" begins at byte 2; expected 4, where the one before it ends'],
    ['a hole', file({ x: ok, y: entry('F32', [1], 6, 10) }, new Uint8Array(10)), '"y" begins at byte 6; expected 4'],
    ['bytes of nobody', file({ x: ok }, new Uint8Array(9)), '5 bytes of the file belong to no tensor'],
    ['metadata that is none', file({ __metadata__: 'pt' }), '__metadata__ is "pt"; expected an object'],
  ];
  for (const [name, source, sentence] of cases)
    it(name, async () => {
      const before = ctx.memory().tensors;
      const error = await thrown(() => loadSafetensors(ctx, source));
      expect(error.message).toContain(sentence);
      expect(error.message).toMatch(/^parseSafetensors: /);
      expect(ctx.memory().tensors).toBe(before);
    });
  it('a tensor that fails after others', async () => {
    const before = ctx.memory().tensors;
    const wide = Float64Array.of(0.1);
    const source = file({ a: entry('U8', [8], 0, 8), b: entry('F64', [1], 8, 16) }, [...new Uint8Array(8), ...bytesOf(wide)]);
    expect((await thrown(() => loadSafetensors(ctx, source))).message).toContain('element 0 of "b"');
    expect(ctx.memory().tensors).toBe(before);
  });
});

describe('sources', () => {
  const bytes = file({ __metadata__: { format: 'pt' }, '1.running_mean': entry('F32', [2], 0, 8), '1.num_batches_tracked': entry('I64', [], 8, 16) }, [
    ...bytesOf(Float32Array.of(3, 4)),
    ...bytesOf(BigInt64Array.of(7n)),
  ]);
  const url = URL.createObjectURL(new Blob([bytes]));
  const sources = { bytes, ArrayBuffer: bytes.buffer, Blob: new Blob([bytes]), Response: new Response(bytes), string: url, URL: new URL(url) };
  for (const [name, source] of Object.entries(sources))
    it(name, async () => {
      const w = await loadSafetensors(ctx, source);
      expect(Object.keys(w)).toEqual(['1.running_mean', '1.num_batches_tracked']);
      expect(Array.from(await w['1.running_mean']!.data())).toEqual([3, 4]);
      expect(await w['1.num_batches_tracked']!.item()).toBe(7);
      for (const x of Object.values(w)) x.dispose();
    });
  it("Node's Buffer, whose slices are no copies, at any place of its memory", async () => {
    /** What Buffer is, where there is none. */
    class Sliced extends Uint8Array<ArrayBuffer> {
      override slice(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
        return this.subarray(begin, end);
      }
    }
    const halves = ctx.device.features.has('shader-f16');
    const values = [1, -2.5, 0.25, 8];
    for (const pad of ['', ' ', '   ', '       ']) {
      const data = [...bytesOf(Float32Array.from(values)), ...bytesOf(Uint16Array.of(0x3c00, 0xc100, 0x3400, 0x4800))];
      const plain = file(JSON.stringify({ a: entry('F32', [4], 0, 16), b: entry('F16', [4], 16, 24) }) + pad, data);
      for (const offset of [0, 1, 6]) {
        const memory = new ArrayBuffer(plain.length + 16);
        const view = new Sliced(memory, offset, plain.length);
        view.set(plain);
        for (const dtype of halves ? (['f32', 'f16'] as const) : (['f32'] as const)) {
          const w = await loadSafetensors(ctx, view, { dtype });
          for (const x of Object.values(w)) {
            expect([x.dtype, Array.from(await x.data())]).toEqual([dtype, values]);
            x.dispose();
          }
        }
      }
    }
  });
  it('metadata, and data that is a view of the file', () => {
    const { metadata, tensors } = parseSafetensors(bytes);
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors['1.running_mean']!.bytes.buffer).toBe(bytes.buffer);
  });
  it('what is no source', async () => {
    const of = async (source: unknown, options = {}) => (await thrown(() => loadSafetensors(ctx, source as string, options))).message;
    expect(await of(3)).toBe('loadSafetensors: source is 3; expected a URL, Blob, Response, ArrayBuffer or Uint8Array');
    expect(await of(new Response('', { status: 404 }))).toBe('loadSafetensors: the response has status 404; expected a file');
    expect(await of('blob:nowhere/1')).toMatch(
      /^loadSafetensors: blob:nowhere\/1 could not be fetched \(.+\); expected an address that fetch can read; in Node give the bytes of readFile$/,
    );
    for (const [given, shown] of [
      [bytes, 'Uint8Array'],
      [Promise.resolve(ctx), 'Promise'],
      [undefined, 'undefined'],
    ])
      expect((await thrown(() => loadSafetensors(given as never, bytes))).message).toBe(`loadSafetensors: ctx is ${shown}; expected a Context`);
    expect(await of(bytes, { dtyp: 'f16' })).toBe('loadSafetensors: unknown option "dtyp"; options are only, dtype, lossy');
    expect(await of(bytes, { dtype: 'f64' })).toBe('loadSafetensors: dtype is "f64"; expected one of f32, f16');
    expect((await thrown(() => parseSafetensors('x' as never))).message).toBe('parseSafetensors: the file is "x"; expected bytes');
  });
});

describe('round trips', () => {
  const bits = (data: ArrayBufferView) => Array.from(bytesOf(data));
  it('keeps bits, names, shapes and types', async () => {
    const f32 = Float32Array.of(1, -0, Number.NaN, 2 ** -149, Number.POSITIVE_INFINITY, 0.1);
    const tensors = {
      'a/b.c "quoted" ü': ctx.tensor(f32, [1, 2, 3]),
      ['__proto__']: ctx.tensor([3], [1]),
      u: ctx.tensor(Uint32Array.of(4294967295), [1]),
      i: ctx.tensor(Int32Array.of(-1, 2), [2]),
      none: ctx.tensor([], [0, 3]),
      scalar: ctx.tensor([2], []),
      last: ctx.tensor(
        Float32Array.from({ length: 12 }, (_, i) => i),
        [1, 3, 2, 2],
        { layout: 'nhwc' },
      ),
    };
    const saved = await saveSafetensors(tensors, { by: 'us' });
    const parsed = parseSafetensors(saved);
    expect(parsed.metadata).toEqual({ by: 'us' });
    const loaded = await loadSafetensors(ctx, saved);
    for (const [name, x] of Object.entries(tensors)) {
      const y = loaded[name]!;
      expect([y.dtype, y.shape]).toEqual([x.dtype, x.shape]);
      if (x.layout === 'nchw') expect(bits(await y.data())).toEqual(bits(await x.data()));
      expect(parsed.tensors[name]!.bytes.byteOffset % 4, 'aligned').toBe(0);
    }
    expect(Array.from(await loaded['last']!.data())).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    for (const x of [...Object.values(tensors), ...Object.values(loaded)]) x.dispose();
  });
  it('f16, where the device has it', async () => {
    const half = Uint16Array.of(0x3c00, 0x8000, 0x0001, 0x7bff, 0xfc00);
    const source = single('F16', half, [5]);
    if (!ctx.device.features.has('shader-f16')) {
      expect((await thrown(() => loadSafetensors(ctx, source, { dtype: 'f16' }))).message).toContain('the device lacks the feature shader-f16');
      return;
    }
    const { x } = await loadSafetensors(ctx, source, { dtype: 'f16' });
    expect(x!.dtype).toBe('f16');
    const saved = await saveSafetensors({ x: x! });
    expect(bits(parseSafetensors(saved).tensors['x']!.bytes)).toEqual(bits(half));
    const { x: rounded } = await loadSafetensors(ctx, single('F32', Float32Array.of(0.1, 65520), [2]), { dtype: 'f16' });
    expect(Array.from(await rounded!.data())).toEqual([0.0999755859375, Number.POSITIVE_INFINITY]);
    x!.dispose();
    rounded!.dispose();
  });
  it('refuses what is no tensor', async () => {
    const x = ctx.tensor([1], [1]);
    const of = async (tensors: unknown) => (await thrown(() => saveSafetensors(tensors as never))).message;
    expect(await of(null)).toBe('saveSafetensors: tensors is null; expected an object of tensors by name');
    expect(await of(x)).toBe('saveSafetensors: tensors is a tensor; expected an object of tensors by name');
    expect(await of({ x: 3 })).toMatch('saveSafetensors: "x" is 3; expected a tensor');
    expect(await of({ __metadata__: x })).toBe('saveSafetensors: a tensor is named "__metadata__"; expected another name');
    x.dispose();
    expect(await of({ x })).toBe('saveSafetensors: "x" [1] was disposed');
  });
});
