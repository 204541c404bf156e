// The safetensors format: 8 bytes with the length of a header, the header in JSON, then the elements of every tensor in row-major order, little-endian.

import { refuse, show } from '../check.ts';
import { product } from '../plan.ts';

/** Bytes an element. */
const WIDTH = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const;

export type SafetensorsDType = keyof typeof WIDTH;

/** A tensor of a file. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** Its elements: a view of the file, aligned to nothing. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, SafetensorsEntry>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;

/** Reads the header of a file, and checks that it describes every byte once.
 * @param file its bytes
 * @returns its tensors by name, as views of the bytes, and the texts of its `__metadata__`
 * @throws UpsampleError `invalid-argument`
 * Source: the format of huggingface/safetensors. */
export function parseSafetensors(file: ArrayBuffer | Uint8Array<ArrayBuffer>): SafetensorsFile {
  const op = 'parseSafetensors';
  if (!(file instanceof Uint8Array || file instanceof ArrayBuffer)) refuse(op, `the file is ${show(file)}`, 'expected bytes');
  // Node's Buffer is a Uint8Array whose slices are no copies.
  const all = file instanceof ArrayBuffer ? new Uint8Array(file) : new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  if (all.length < 8) refuse(op, `the file has ${all.length} bytes`, 'expected 8 with the length of the header');
  const size = Number(new DataView(all.buffer, all.byteOffset).getBigUint64(0, true));
  if (size > all.length - 8) refuse(op, `the header has ${size} bytes but the file only ${all.length}`, 'expected a whole safetensors file');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(all.subarray(8, 8 + size)));
  } catch (error) {
    refuse(op, `the header is no JSON (${(error as Error).message})`, 'expected a safetensors file');
  }
  if (!isObject(header)) refuse(op, `the header is ${show(header)}`, 'expected an object with one entry a tensor');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isObject(metadata)) refuse(op, `__metadata__ is ${show(metadata)}`, 'expected an object');
  const data = all.subarray(8 + size);
  const spans: [begin: number, end: number, name: string][] = [];
  const tensors = Object.entries(entries).map(([name, entry]): [string, SafetensorsEntry] => {
    const { dtype, shape, data_offsets: span } = isObject(entry) ? entry : refuse(op, `"${name}" is ${show(entry)}`, 'expected { dtype, shape, data_offsets }');
    if (typeof dtype !== 'string' || !Object.hasOwn(WIDTH, dtype))
      refuse(op, `dtype of "${name}" is ${show(dtype)}`, `expected one of ${Object.keys(WIDTH).join(', ')}`);
    if (!Array.isArray(shape) || !shape.every(isSize)) refuse(op, `shape of "${name}" is ${show(shape)}`, 'expected whole numbers, not negative');
    if (!Array.isArray(span) || span.length !== 2 || !span.every(isSize)) refuse(op, `data_offsets of "${name}" are ${show(span)}`, 'expected [begin, end]');
    const [begin, end] = span as [number, number];
    const bytes = product(shape) * WIDTH[dtype as SafetensorsDType];
    if (end > data.length) refuse(op, `"${name}" ends at byte ${end} of ${data.length}`, 'expected a whole file');
    if (end - begin !== bytes) refuse(op, `"${name}" has ${end - begin} bytes for ${dtype} ${show(shape)}`, `expected ${bytes}`);
    spans.push([begin, end, name]);
    return [name, { dtype: dtype as SafetensorsDType, shape, bytes: data.subarray(begin, end) }];
  });
  let covered = 0;
  for (const [begin, end, name] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (begin !== covered) refuse(op, `"${name}" begins at byte ${begin}`, `expected ${covered}, where the one before it ends`);
    covered = end;
  }
  if (covered !== data.length) refuse(op, `${data.length - covered} bytes of the file belong to no tensor`, 'expected every byte to belong to one');
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

/** Puts tensors into one file: wide elements first, so that everything is aligned. */
export function formatSafetensors(tensors: Readonly<Record<string, SafetensorsEntry>>, metadata?: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).sort(([, a], [, b]) => WIDTH[b.dtype] - WIDTH[a.dtype]);
  const header: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let size = 0;
  for (const [name, { dtype, shape, bytes }] of entries) {
    header.push([name, { dtype, shape, data_offsets: [size, size + bytes.length] }]);
    size += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(start + size).fill(0x20, 8, start); // the header may end in spaces
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(text, 8);
  let at = start;
  for (const [, { bytes }] of entries) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
