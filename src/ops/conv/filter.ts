import { refuse } from '../../check.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { FilterView } from './call.ts';
import type { Triple } from './geometry.ts';

/** Order of a convolution's filter: o output channels, i input channels per group, hw all spatial axes in order. */
export type FilterLayout = 'oihw' | 'hwio' | 'ohwi' | 'ihwo';
/** Order of a transposed convolution's filter: i input channels, o output channels per group, hw all spatial axes in order. */
export type TransposedFilterLayout = 'iohw' | 'hwoi' | 'ohwi';

export const FILTER_LAYOUTS = ['oihw', 'hwio', 'ohwi', 'ihwo'] as const;
export const TRANSPOSED_FILTER_LAYOUTS = ['iohw', 'hwoi', 'ohwi'] as const;

const SPATIAL = ['', 'kW', 'kH, kW', 'kD, kH, kW'] as const;

/** Where a layout's axes stand: whole axis numbers of a filter of this rank. */
function places(layout: string, spatial: number): { in: number; out: number; kernel: number[] } {
  const at = (letter: string) => {
    const before = layout.slice(0, layout.indexOf(letter));
    return before.length + (before.includes('h') ? spatial - 2 : 0);
  };
  const first = at('h');
  return { in: at('i'), out: at('o'), kernel: Array.from({ length: spatial }, (_, i) => first + i) };
}

/** A filter read under a layout. */
export interface Filter {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: readonly number[];
  /** Steps in memory: from one input channel, output channel, tap to the next. */
  readonly steps: { readonly in: number; readonly out: number; readonly axes: Triple };
}

function read({ shape, layout: memory }: TensorSpec, layout: string): Filter {
  const spatial = shape.length - 2;
  const at = places(layout, spatial);
  const order = shape.map((_, i) => i);
  if (memory === 'nhwc') order.push(...order.splice(1, 1));
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (const axis of order.toReversed()) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  const axes = [0, 0, 0, ...at.kernel.map((axis) => steps[axis]!)].slice(-3) as unknown as Triple;
  return {
    inChannels: shape[at.in]!,
    outChannels: shape[at.out]!,
    kernel: at.kernel.map((axis) => shape[axis]!),
    steps: { in: steps[at.in]!, out: steps[at.out]!, axes },
  };
}

/** The shape a filter should have, in words. */
function wish(layout: string, spatial: number, inWord: string, outWord: string): string {
  const words: string[] = [];
  const at = places(layout, spatial);
  words[at.in] = inWord;
  words[at.out] = outWord;
  words[at.kernel[0]!] = SPATIAL[spatial]!;
  return `${layout} [${words.filter(Boolean).join(', ')}]`;
}

/** Checks a filter against the input's channels, and completes it.
 * @param spatial number of spatial axes */
export function checkFilter(op: string, w: TensorSpec, layout: string, transposed: boolean, channels: number, groups: number, spatial: number): Filter {
  const list = `[${w.shape.join(', ')}]`;
  const [inWord, outWord] = transposed ? [`${channels}`, 'outChannels/groups'] : ['outChannels', `${channels / groups}`].reverse();
  const expected = `expected ${wish(layout, spatial, String(inWord), String(outWord))}`;
  if (w.shape.length !== spatial + 2) refuse(op, `weight ${list} has rank ${w.shape.length}`, `${expected}, rank ${spatial + 2}`);
  const filter = read(w, layout);
  if (filter.kernel.some((k) => k < 1)) refuse(op, `weight ${list} has an empty kernel`, expected);
  if (filter.inChannels < 1 || filter.outChannels < 1) refuse(op, `weight ${list} has no channels`, expected);
  const fits = (f: Filter) => f.inChannels === (transposed ? channels : channels / groups);
  if (!fits(filter)) {
    const layouts: readonly string[] = transposed ? TRANSPOSED_FILTER_LAYOUTS : FILTER_LAYOUTS;
    const other = layouts.find((name) => name !== layout && fits(read(w, name)) && read(w, name).kernel.every((k) => k <= 64));
    const hints: string[] = [];
    if (other) hints.push(`filterLayout '${other}'${other === 'hwoi' || other === 'hwio' ? ' (tfjs)' : ''} would fit`);
    if (transposed && layout === 'iohw' && filter.outChannels * groups === channels)
      hints.push('a convolution weight [outChannels, inChannels, …] needs its first two axes swapped');
    if (!transposed && layout === 'oihw' && filter.outChannels === channels)
      hints.push('a transposed convolution weight [inChannels, outChannels, …] needs its first two axes swapped');
    const per = !transposed && groups > 1 ? ` per group` : '';
    const of = !transposed && groups > 1 ? `${channels} in ${groups} groups` : `${channels}`;
    refuse(op, `weight ${list} has ${filter.inChannels} input channels${per} but x has ${of}`, `${expected}${hints.length ? ` (${hints.join('; ')})` : ''}`);
  }
  if (!transposed && filter.outChannels % groups)
    refuse(op, `groups ${groups} do not divide the ${filter.outChannels} output channels of weight ${list}`, 'expected a divisor of input and output channels');
  return filter;
}

/** The filter as [smallChannels, largeChannels/groups, taps]. */
export function viewOf({ steps, kernel, inChannels, outChannels }: Filter, transposed: boolean): FilterView {
  const size = inChannels * outChannels * product(kernel);
  return transposed ? { batch: steps.in, channel: steps.out, axes: steps.axes, size } : { batch: steps.out, channel: steps.in, axes: steps.axes, size };
}
