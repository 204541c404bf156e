// Which rows a run has.
import type { Case, Scale } from './cases/case.ts';

export interface Selection {
  /** Rows whose name contains this, or one of these between commas; default all. */
  readonly only?: string;
  /** Only the rows for that, unless `only` names some. */
  readonly quick?: boolean;
  /** Only the rows that are looked at after every change of a kernel. */
  readonly trend?: boolean;
  /** Layers at their own size, or reduced; default `full` on GPUs, `reduced` on software adapters. */
  readonly scale?: Scale;
  /** `[i, n]`: the rows of part i of n, counted from 1, in the order of the table. */
  readonly part?: readonly [number, number];
}

/** What the adapter says about rows. */
export interface Abilities {
  readonly software: boolean;
  readonly f16: boolean;
}

export function select(cases: readonly Case[], { only = '', quick, trend, scale, part = [1, 1] }: Selection, { software, f16 }: Abilities): Case[] {
  const texts = only.split(',');
  const wanted = scale ?? (software ? 'reduced' : 'full');
  const chosen = cases.filter(
    (one) =>
      texts.some((text) => one.name.includes(text)) &&
      (!quick || only || one.quick) &&
      (!trend || one.trend) &&
      (!one.scale || one.scale === wanted) &&
      (!one.dtype || f16),
  );
  const [i, n] = part;
  const from = (k: number) => Math.floor((chosen.length * k) / n);
  return chosen.slice(from(i - 1), from(i));
}
