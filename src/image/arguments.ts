import { checkOptions, oneOf, refuse, show } from '../check.ts';
import type { Layout } from '../plan.ts';

/** One number for every colour channel, or one a colour channel. Alpha is never normalised. */
export type PerChannel = number | readonly number[];

export interface FromImageOptions {
  /** Order in memory; default `'nchw'`. */
  layout?: Layout | undefined;
  /** Element type; default `'f32'`. */
  dtype?: 'f32' | 'f16' | undefined;
  /** 4 (default) for red, green, blue, alpha; 3 without alpha. */
  channels?: 3 | 4 | undefined;
  /** Subtracted from each colour, in units of 0..1; default 0. */
  mean?: PerChannel | undefined;
  /** Each colour is divided by it; default 1. */
  std?: PerChannel | undefined;
  /** Colours multiplied by their alpha (default), or as they are. */
  alpha?: 'premultiplied' | 'straight' | undefined;
}

export interface ToCanvasOptions {
  /** As given to `fromImage`: x * std + mean is shown. Default 0. */
  mean?: PerChannel | undefined;
  /** As given to `fromImage`; default 1. */
  std?: PerChannel | undefined;
  /** Whether the colours of x are multiplied by their alpha (default) or not; `'opaque'` ignores alpha. Acts on 4 channels only. */
  alpha?: 'premultiplied' | 'straight' | 'opaque' | undefined;
}

function perChannel(op: string, name: 'mean' | 'std', options: ToCanvasOptions | FromImageOptions, channels: number): number[] {
  const neutral = Number(name === 'std');
  const colours = Math.min(channels, 3);
  const given = options[name] ?? neutral;
  const list: unknown[] = typeof given === 'number' ? new Array(colours).fill(given) : Array.from(given);
  if (list.length !== colours) refuse(op, `${name} ${show(list)} has ${list.length} values`, `expected one number or ${colours}, one per colour`);
  for (const v of list)
    if (!Number.isFinite(v) || (neutral && !v)) refuse(op, `${name} is ${show(given)}`, `expected finite numbers${neutral ? ', not 0' : ''}`);
  return [list[0], list[1] ?? list[0], list[2] ?? list[0], neutral] as number[];
}

const complete = <A extends string>(op: string, options: ToCanvasOptions | FromImageOptions, channels: number, alphas: readonly A[], alpha: A) => ({
  alpha: oneOf(op, 'alpha', options.alpha, alphas, alpha),
  mean: perChannel(op, 'mean', options, channels),
  std: perChannel(op, 'std', options, channels),
});

/** Completes the options of `fromImage`; `layout` is checked with the shape. */
export function checkFrom(op: string, options: FromImageOptions) {
  checkOptions(op, options, ['layout', 'dtype', 'channels', 'mean', 'std', 'alpha']);
  const { layout = 'nchw', channels = 4 } = options;
  const dtype = oneOf(op, 'dtype', options.dtype, ['f32', 'f16'], 'f32');
  if (channels !== 3 && channels !== 4) refuse(op, `channels is ${show(channels)}`, 'expected 3 or 4');
  return { layout, dtype, channels, ...complete(op, options, channels, ['premultiplied', 'straight'], 'premultiplied') };
}

/** What `alpha` may be; the shader takes its place in this list. */
export const ALPHAS = ['premultiplied', 'straight', 'opaque'] as const;

/** Completes the options of `toCanvas`. */
export function checkTo(op: string, options: ToCanvasOptions, channels: number) {
  checkOptions(op, options, ['mean', 'std', 'alpha']);
  const call = complete(op, options, channels, ALPHAS, channels === 4 ? 'premultiplied' : 'opaque');
  if (channels !== 4 && call.alpha !== 'opaque') refuse(op, `alpha is "${call.alpha}" but x has ${channels} channels`, 'expected "opaque"');
  return call;
}
