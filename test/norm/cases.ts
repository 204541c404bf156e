// Normalisations as data: a call, its result and gradients in float64, and what a kernel may err by.
import type { NormKind } from '../../src/ops/norm/call.ts';
import * as reference from '../../src/ops/norm/cpu.ts';
import type { Plain, PlainResult } from '../../src/plain.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { type Bound, count, generate } from '../fixtures.ts';

export interface Case {
  readonly kind: NormKind;
  readonly shape: readonly number[];
  readonly options?: Readonly<Record<string, unknown>>;
  /** Which tensors are there. */
  readonly with?: string;
}

/** Sizes 1 and prime, chunks that end inside a set, channels that are and are not a multiple of 4, batch and group in every rank. */
export const CASES: readonly Case[] = [
  { kind: 'batch', shape: [3, 5, 7], options: { training: true }, with: 'weight bias runningMean runningVar' },
  { kind: 'batch', shape: [2, 4, 3, 8], options: { training: true, eps: 0.1 }, with: 'weight' },
  { kind: 'batch', shape: [7, 8], options: { training: true, momentum: 0.5 }, with: 'weight bias runningMean runningVar' },
  { kind: 'batch', shape: [301, 3], options: { training: true }, with: 'bias' },
  { kind: 'batch', shape: [2, 3, 4, 5, 3], options: { training: true } },
  { kind: 'batch', shape: [3, 2, 37, 23], options: { training: true, momentum: 1 }, with: 'weight bias runningMean runningVar' },
  { kind: 'batch', shape: [1, 4, 64, 68], options: { training: true, momentum: 0 }, with: 'weight bias runningMean runningVar' },
  { kind: 'batch', shape: [2, 5, 3, 3], with: 'weight bias runningMean runningVar' },
  { kind: 'batch', shape: [2, 8, 4], options: { eps: 0.5 }, with: 'runningMean runningVar' },
  { kind: 'batch', shape: [1, 3], options: { training: false }, with: 'bias runningMean runningVar' },
  { kind: 'instance', shape: [2, 3, 5], with: 'weight bias' },
  { kind: 'instance', shape: [2, 4, 24, 17], options: { eps: 1e-3 } },
  { kind: 'instance', shape: [1, 8, 2, 3, 4], with: 'weight' },
  { kind: 'group', shape: [2, 6, 5], options: { groups: 3 }, with: 'weight bias' },
  { kind: 'group', shape: [3, 8, 4, 4], options: { groups: 2, eps: 0.01 }, with: 'weight bias' },
  { kind: 'group', shape: [2, 12, 19, 23], options: { groups: 1 }, with: 'weight' },
  { kind: 'group', shape: [5, 10], options: { groups: 5 }, with: 'bias' },
  { kind: 'group', shape: [2, 4, 2, 3, 2], options: { groups: 4 } },
];

export const title = ({ kind, shape, options, with: tensors }: Case, layout: Layout, dtype: DType) =>
  `${kind}Norm [${shape}] ${JSON.stringify(options ?? {})} ${tensors ?? ''} ${dtype} ${layout}`;

/** Values that f16 holds exactly where `half`: the reference then sees the same numbers. */
export function values(n: number, seed: number, half: boolean, from = -1, to = 1): Float32Array<ArrayBuffer> {
  const all = generate(n, seed).map((v) => from + ((v + 1) / 2) * (to - from));
  return half ? all.map((v) => Math.round(v * 256) / 256) : all;
}

type Named = Record<string, { data: Float32Array<ArrayBuffer>; shape: number[]; layout: Layout; dtype: DType }>;

/** The tensors of a case. */
export function tensorsOf({ shape, with: names = '' }: Case, layout: Layout, dtype: DType): Named {
  const half = dtype === 'f16';
  const all: Named = {
    x: { data: values(count(shape), 1, half, -1, 2), shape: [...shape], layout, dtype },
    dy: { data: values(count(shape), 2, half), shape: [...shape], layout, dtype },
  };
  for (const [i, name] of names.split(' ').filter(Boolean).entries()) {
    const running = name.startsWith('running');
    all[name] = { data: values(shape[1]!, 3 + i, half, name === 'bias' ? -1 : 0.25, 2), shape: [shape[1]!], layout: 'nchw', dtype: running ? 'f32' : dtype };
  }
  return all;
}

type Results = Record<string, PlainResult>;
const ops = reference as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Results of the reference: y, the running statistics where they move, dx, dw, db. */
export function wanted({ kind, options = {} }: Case, { x, dy, ...rest }: Record<string, Plain>): Record<string, ArrayLike<number>> {
  const all = { ...options, ...rest };
  const y = ops[`${kind}Norm`]!(x, all) as reference.Trained;
  const back = ops[`${kind}NormBackward`]!(dy, x, { ...all, gradients: ['dx', 'dw', 'db'] }) as Results;
  return {
    output: y.data,
    ...(y.runningMean && { runningMean: y.runningMean, runningVar: y.runningVar! }),
    ...Object.fromEntries(Object.entries(back).map(([name, t]) => [name, t.data])),
  };
}

/** What kernels may err by, of numbers that do not cancel: sums of n terms err by 4 + 2*sqrt(n) units of 2^-24 of the sum of their absolute values. */
export function bounds({ kind, shape, options = {} }: Case, t: Record<string, Plain>, half: boolean): Record<string, Bound> {
  const max = (list: ArrayLike<number>) => Array.from(list).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const groups = (options['groups'] as number) ?? shape[1]!;
  const space = count(shape.slice(2));
  const n = kind === 'batch' ? shape[0]! * space : (shape[1]! / groups) * space;
  const each = kind === 'batch' ? n : shape[0]! * space;
  const [x, dy, w, b] = [max(t['x']!.data), max(t['dy']!.data), t['weight'] ? max(t['weight'].data) : 1, t['bias'] ? max(t['bias'].data) : 0];
  const eps = (options['eps'] as number) ?? 1e-5;
  // The reciprocal deviation: the largest quotient of y and x without weight and bias.
  const least = t['runningVar'] && !options['training'] ? Math.min(...Array.from(t['runningVar'].data)) : variance(kind, shape, groups, t['x']!);
  const r = 1 / Math.sqrt(least + eps);
  const mean = Math.max(x, t['runningMean'] ? max(t['runningMean'].data) : 0);
  const z = (x + mean) * r;
  const units = 8 + 2 * Math.sqrt(n);
  const relative = half ? 2 ** -11 : 0;
  return {
    output: { units, scale: z * w + b, relative },
    runningMean: { units, scale: mean },
    runningVar: { units, scale: Math.max(x * x, t['runningVar'] ? max(t['runningVar'].data) : 0) },
    dx: { units: 2 * units, scale: r * w * dy * (2 + z * z), relative },
    dw: { units: 8 + 2 * Math.sqrt(each), scale: each * dy * z, relative },
    db: { units: 4 + 2 * Math.sqrt(each), scale: each * dy, relative },
  };
}

/** The least variance of a set. */
function variance(kind: NormKind, shape: readonly number[], groups: number, { data, layout }: Plain): number {
  const [channels, space] = [shape[1]!, count(shape.slice(2))];
  const sets = new Map<number, number[]>();
  for (let i = 0; i < data.length; i++) {
    const n = Math.floor(i / (channels * space));
    const c = layout === 'nhwc' ? i % channels : Math.floor(i / space) % channels;
    const set = kind === 'batch' ? c : n * groups + Math.floor((c * groups) / channels);
    const list = sets.get(set) ?? [];
    list.push(data[i]!);
    sets.set(set, list);
  }
  return Math.min(
    ...Array.from(sets.values(), (list) => {
      const mean = list.reduce((a, v) => a + v, 0) / list.length;
      return list.reduce((a, v) => a + (v - mean) ** 2, 0) / list.length;
    }),
  );
}
