import { checkOptions, oneOf, refuse, show } from '../check.ts';
import type { Layout } from '../plan.ts';

/** One number for every colour channel, or one a colour channel. Alpha is never normalised. */
export type PerChannel = number | readonly number[];

export interface FromImageOptions {
  /** Order in memory; default `'nchw'`. */
  layout?: Layout;
  /** Element type; default `'f32'`. */
  dtype?: 'f32' | 'f16';
  /** 4 (default) for red, green, blue, alpha; 3 without alpha. */
  channels?: 3 | 4;
  /** Subtracted from each colour, in units of 0..1; default 0. */
  mean?: PerChannel;
  /** Each colour is divided by it; default 1. */
  std?: PerChannel;
  /** Colours multiplied by their alpha (default), or as they are. */
  alpha?: 'premultiplied' | 'straight';
}

export interface ToCanvasOptions {
  /** As given to `fromImage`: x * std + mean is shown. Default 0. */
  mean?: PerChannel;
  /** Default 1. */
  std?: PerChannel;
  /** Whether the colours of x are multiplied by their alpha (default) or not; `'opaque'` ignores alpha. Acts on 4 channels only. */
  alpha?: 'premultiplied' | 'straight' | 'opaque';
}

/** Colour channels of a tensor with this many channels. */
const colours = (channels: number) => Math.min(channels, 3);

function perChannel(op: string, name: string, value: unknown, channels: number, neutral: number): number[] {
  const n = colours(channels);
  const given = value ?? neutral;
  const list: unknown[] = Array.isArray(given) || ArrayBuffer.isView(given) ? Array.from(given as ArrayLike<unknown>) : new Array(n).fill(given);
  if (list.length !== n) refuse(op, `${name} ${show(list)} has ${list.length} values`, `expected one number or ${n}, one per colour channel`);
  for (const v of list) {
    const fine = typeof v === 'number' && Number.isFinite(v) && (name !== 'std' || v !== 0);
    if (!fine) refuse(op, `${name} is ${show(given)}`, `expected finite numbers${name === 'std' ? ', not 0' : ''}`);
  }
  const four = [neutral, neutral, neutral, neutral];
  return four.map((v, i) => (list[i] as number | undefined) ?? v);
}

/** Completes the options of `fromImage`; `dtype` and `layout` are checked with the shape. */
export function checkFrom(op: string, options: FromImageOptions) {
  checkOptions(op, options, ['layout', 'dtype', 'channels', 'mean', 'std', 'alpha']);
  const { layout = 'nchw', dtype = 'f32', channels = 4 } = options;
  if (dtype !== 'f32' && dtype !== 'f16') refuse(op, `dtype is ${show(dtype)}`, 'expected one of f32, f16');
  if (channels !== 3 && channels !== 4) refuse(op, `channels is ${show(channels)}`, 'expected 3 or 4');
  const alpha = oneOf(op, 'alpha', options.alpha, ['premultiplied', 'straight'], 'premultiplied');
  return { layout, dtype, channels, alpha, mean: perChannel(op, 'mean', options.mean, channels, 0), std: perChannel(op, 'std', options.std, channels, 1) };
}

/** Completes the options of `toCanvas`. */
export function checkTo(op: string, options: ToCanvasOptions, channels: number) {
  checkOptions(op, options, ['mean', 'std', 'alpha']);
  const alpha = oneOf(op, 'alpha', options.alpha, ['premultiplied', 'straight', 'opaque'], channels === 4 ? 'premultiplied' : 'opaque');
  if (channels !== 4 && alpha !== 'opaque') refuse(op, `alpha is ${show(alpha)} but x has ${channels} channels`, 'expected 4 channels, or alpha "opaque"');
  return { alpha, mean: perChannel(op, 'mean', options.mean, channels, 0), std: perChannel(op, 'std', options.std, channels, 1) };
}
