// What each network's view is to the panel, and the stages that views are made of.
import type { Context, Tensor } from '../../src/index.ts';
import type { Call, Inputs } from '../kit/compute.ts';
import { element } from '../kit/dom.ts';
import { Heatmap, type Map2d } from '../kit/heatmap.ts';

export interface View {
  readonly element: HTMLElement;
  readonly controls: HTMLElement;
  /** What the network does, in two sentences. */
  readonly about: string;
  /** Computes what it shows. It may be asked again at any time, one call after another. */
  update(ctx: Context): Promise<void>;
  /** Follows signals. */
  code(): string;
  /** One step of learning, of those that learn here. */
  learn?(ctx: Context): Promise<void>;
}

/** What a view needs of its panel. */
export interface Host {
  compute<I extends Inputs>(call: Call<I>): void;
  /** A sentence below the figure. */
  say(text: string): void;
}

export interface StationOptions {
  readonly name: string;
  /** The operation that made it, and the panel that explains that. */
  readonly does?: string;
  readonly to?: string;
  /** Whether it is a picture rather than a map of signed numbers. */
  readonly grey?: boolean;
}

/** One stage: what was done, and what came out. */
export class Station {
  readonly element: HTMLElement;
  readonly map: Heatmap;
  readonly #name: string;

  constructor({ name, does = '', to, grey = false }: StationOptions) {
    this.#name = name;
    this.map = new Heatmap({ label: name, plain: true, grey });
    const children = [element('span', { class: 'does' }, does.replaceAll(' × ', '\u00a0×\u00a0')), this.map.element];
    this.element = to ? element('a', { class: 'station', href: `#${to}` }, ...children) : element('div', { class: 'station' }, ...children);
  }

  show(map: Map2d): void {
    this.map.label(this.#name, `${this.#name}, from ${least(map.values).toPrecision(3)} to ${most(map.values).toPrecision(3)}`);
    this.map.show(map);
  }
}

const least = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** Maps [1, C, H, W] in rows of `across`, with a line between. */
export function mosaic({ data, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] }, across: number): Map2d {
  const [, channels, height, width] = shape as [number, number, number, number];
  const [rows, columns] = [Math.ceil(channels / across) * (height + 1) - 1, across * (width + 1) - 1];
  const values = new Float32Array(rows * columns);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++)
        values[(Math.floor(c / across) * (height + 1) + i) * columns + (c % across) * (width + 1) + j] = data[(c * height + i) * width + j]!;
  return { rows, columns, values };
}

/** Of two scores for every pixel, how far the second is above the first. */
export function lead({ data, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] }): Map2d {
  const [rows, columns] = shape.slice(2) as [number, number];
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, (_, i) => data[rows * columns + i]! - data[i]!) };
}

export interface Held {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Reads tensors back, and frees them. */
export async function read<K extends string>(tensors: Readonly<Record<K, Tensor>>): Promise<Record<K, Held>> {
  const entries = Object.entries(tensors) as [K, Tensor][];
  try {
    const all = await Promise.all(entries.map(async ([name, tensor]) => [name, { data: await tensor.data(), shape: tensor.shape }] as const));
    return Object.fromEntries(all) as unknown as Record<K, Held>;
  } finally {
    for (const [, tensor] of entries) tensor.dispose();
  }
}

/** Weight and bias of a layer, copied: it may go on learning. */
export async function weighted(parameters: Readonly<Record<string, Tensor>>, layer: string): Promise<{ w: Held; bias: Held }> {
  const [w, bias] = [parameters[`${layer}.weight`]!, parameters[`${layer}.bias`]!];
  const [data, offsets] = await Promise.all([w.data(), bias.data()]);
  return { w: { data, shape: w.shape }, bias: { data: offsets, shape: bias.shape } };
}
