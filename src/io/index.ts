// Weights in and out.

import { checkOptions, oneOf, refuse, show } from '../check.ts';
import type { Context } from '../context.ts';
import { toHalf } from '../half.ts';
import { checkContext, checkTensor } from '../op.ts';
import { product } from '../plan.ts';
import { Tensor } from '../tensor.ts';
import { numbersOf } from './numbers.ts';
import { formatSafetensors, parseSafetensors, type SafetensorsEntry } from './safetensors.ts';

export { parseSafetensors, type SafetensorsDType, type SafetensorsEntry, type SafetensorsFile } from './safetensors.ts';

/** Where bytes come from: an address, a file, a response, or the bytes themselves. */
export type Source = string | URL | Blob | Response | ArrayBuffer | Uint8Array<ArrayBuffer>;

export interface LoadOptions {
  /** Which tensors are loaded; default all. */
  only?: ((name: string) => boolean) | undefined;
  /** What floats become on the GPU; default `'f32'`. `'f16'` rounds. */
  dtype?: 'f32' | 'f16' | undefined;
  /** Whether F64 that f32 does not hold is rounded; default false: refused. */
  lossy?: boolean | undefined;
}

const OP = 'loadSafetensors';

async function bytesOf(source: Source): Promise<ArrayBuffer | Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) return source;
  if (source instanceof Blob) return source.arrayBuffer();
  const asked = typeof source === 'string' || source instanceof URL;
  if (!asked && !(source instanceof Response)) refuse(OP, `source is ${show(source)}`, 'expected a URL, Blob, Response, ArrayBuffer or Uint8Array');
  const failed = ({ message, cause }: Error) =>
    refuse(
      OP,
      `${source} could not be fetched (${message}${cause instanceof Error ? `: ${cause.message}` : ''})`,
      'expected an address that fetch can read; in Node give the bytes of readFile',
    );
  const response = asked ? await fetch(source).catch(failed) : source;
  if (!response.ok) refuse(OP, `${response.url || 'the response'} has status ${response.status}`, 'expected a file');
  return response.arrayBuffer();
}

/** Loads a safetensors file onto the GPU: PyTorch state dictionaries keep their names, `w['up1.weight']`.
 * F32, F16 and BF16 become f32; F64 too where f32 holds it; whole numbers and booleans become i32 or u32 where they fit.
 * @param ctx where the tensors live
 * @param source an address that fetch can read, a Blob (a file that was dropped or picked), a Response, or bytes; in Node those of `readFile`
 * @param options `only` all; `dtype` of floats `'f32'`, or `'f16'`, which rounds; `lossy` false: whether F64 that f32 does not hold is rounded
 * @returns tensors by name, in the order of the file's header
 * @throws UpsampleError `invalid-argument` for what is no safetensors file or does not fit, `limit-exceeded`, `disposed`, `device-lost`
 * Source: the format of huggingface/safetensors. */
export async function loadSafetensors(ctx: Context, source: Source, options: LoadOptions = {}): Promise<Record<string, Tensor>> {
  checkContext(OP, ctx);
  checkOptions(OP, options, ['only', 'dtype', 'lossy']);
  const { only = () => true, lossy = false } = options;
  const floats = oneOf(OP, 'dtype', options.dtype, ['f32', 'f16'] as const, 'f32');
  const { tensors } = parseSafetensors(await bytesOf(source));
  const loaded: [name: string, tensor: Tensor][] = [];
  try {
    for (const [name, entry] of Object.entries(tensors)) {
      if (!only(name)) continue;
      const half = floats === 'f16' && entry.dtype === 'F16'; // its bits stay as they are
      const { dtype, data } = half ? { dtype: 'f16' as const, data: new Uint16Array(entry.bytes.slice().buffer) } : numbersOf(OP, name, entry, lossy);
      loaded.push([name, ctx.tensor(data, entry.shape, { dtype: dtype === 'f32' ? floats : dtype })]);
    }
  } catch (error) {
    for (const [, tensor] of loaded) tensor.dispose();
    throw error;
  }
  return Object.fromEntries(loaded);
}

const NAMES = { f32: 'F32', f16: 'F16', u32: 'U32', i32: 'I32' } as const;

/** Elements of an nhwc tensor, in the order of its shape. */
function rowMajor(data: ArrayLike<number>, [n = 0, c = 0, ...spatial]: readonly number[]): number[] {
  const plane = product(spatial);
  return Array.from({ length: n * c * plane }, (_, i) => {
    const p = i % plane;
    const channel = Math.floor(i / plane) % c;
    return data[(Math.floor(i / plane / c) * plane + p) * c + channel]!;
  });
}

/** Reads tensors back and puts them into one safetensors file, f32 as F32, f16 as F16, u32 as U32, i32 as I32.
 * @param tensors by name; elements are written in the order of the shape, whatever the layout
 * @param metadata texts for the header, none
 * @returns the bytes of the file: `new Blob([bytes])` for a download
 * @throws UpsampleError `invalid-argument`, and what `data` throws */
export async function saveSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const op = 'saveSafetensors';
  if (typeof tensors !== 'object' || tensors === null || tensors instanceof Tensor)
    refuse(op, `tensors is ${tensors instanceof Tensor ? 'a tensor' : show(tensors)}`, 'expected an object of tensors by name');
  const entries = Object.entries(tensors).map(async ([name, tensor]): Promise<[string, SafetensorsEntry]> => {
    checkTensor(op, `"${name}"`, tensor);
    if (name === '__metadata__') refuse(op, 'a tensor is named "__metadata__"', 'expected another name');
    const { shape, dtype, layout } = tensor;
    const data = await tensor.data();
    const ordered = layout === 'nhwc' && shape.length > 2 ? (data.constructor as Float32ArrayConstructor).from(rowMajor(data, shape)) : data;
    const bytes = new Uint8Array(dtype === 'f16' ? toHalf(ordered).buffer : ordered.buffer, 0) as Uint8Array<ArrayBuffer>;
    return [name, { dtype: NAMES[dtype], shape, bytes }];
  });
  return formatSafetensors(Object.fromEntries(await Promise.all(entries)), metadata);
}
