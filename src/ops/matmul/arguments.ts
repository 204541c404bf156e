import { checkOptions, countElements, flag, refuse, show, withoutGradients } from '../../check.ts';
import { BYTES, product, type TensorSpec } from '../../plan.ts';
import type { Given } from '../several.ts';
import type { MatmulCall, Product } from './call.ts';

export interface MatmulOptions {
  /** Whether a holds its matrices transposed, [..., K, M]; default false. */
  transposeA?: boolean | undefined;
  /** Whether b holds its matrices transposed, [..., N, K]; default false. */
  transposeB?: boolean | undefined;
}
export type MatmulGradient = 'da' | 'db';
export type LinearGradient = 'dx' | 'dw' | 'db';

const list = (shape: readonly number[]) => `[${shape.join(', ')}]`;
const fresh = (shape: readonly number[], dtype: TensorSpec['dtype']): TensorSpec => ({ shape, dtype, layout: 'nchw', skew: 0 });

/** Refuses what is no row-major matrix of reals. */
function checkMatrix(op: string, name: string, t: TensorSpec, least: number, like?: readonly [name: string, TensorSpec]): void {
  if (t.shape.length < least) refuse(op, `${name} ${list(t.shape)} has rank ${t.shape.length}`, `expected rank ${least} or more`);
  if (t.dtype !== 'f32' && t.dtype !== 'f16') refuse(op, `${name} has dtype ${t.dtype}`, 'expected f32 or f16');
  if (like && t.dtype !== like[1].dtype) refuse(op, `${name} has dtype ${t.dtype} but ${like[0]} has ${like[1].dtype}`, 'expected one dtype for all tensors');
  if (t.layout === 'nhwc' && t.shape.length > 2)
    refuse(op, `${name} ${list(t.shape)} lies channels last`, 'expected layout nchw, in which its last axis is innermost');
}

function chosen<G extends string>(op: string, gradients: unknown, names: readonly G[], fallback: readonly G[]): G[] {
  if (gradients !== undefined && (!Array.isArray(gradients) || !gradients.length || gradients.some((g) => !names.includes(g))))
    refuse(op, `gradients is ${show(gradients)}`, `expected some of ${names.join(', ')}`);
  return names.filter((g) => ((gradients as G[] | undefined) ?? fallback).includes(g));
}

function checkGradient(op: string, dy: TensorSpec, x: readonly [name: string, TensorSpec], shape: readonly number[]): void {
  checkMatrix(op, 'dy', dy, 1, x);
  if (dy.shape.join() !== shape.join()) refuse(op, `dy has shape ${list(dy.shape)}`, `expected ${list(shape)}, the result's`);
}

/** A batch of matrices under its flag: rows, columns, and the steps along batch, row and column. */
interface Matrices {
  readonly name: string;
  readonly lead: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly steps: readonly [number, number, number];
}

function matrices(name: string, { shape }: TensorSpec, transposed: boolean): Matrices {
  const [r, c] = shape.slice(-2) as [number, number];
  const lead = shape.slice(0, -2);
  const batch = lead.length ? r * c : 0;
  return transposed ? { name, lead, rows: c, columns: r, steps: [batch, 1, c] } : { name, lead, rows: r, columns: c, steps: [batch, c, 1] };
}

const turned = ({ rows, columns, steps: [batch, row, column], ...rest }: Matrices): Matrices => ({
  ...rest,
  rows: columns,
  columns: rows,
  steps: [batch, column, row],
});

/** c = a b, or its sum over the batch. Where b is one matrix for all and a lies without gaps, the batch is further rows. */
function times(a: Matrices, b: Matrices, to: string, batch: number, over: boolean): Product {
  const common = { a: a.name, b: b.name, bias: null, to, columns: b.columns };
  if (batch > 1 && b.steps[0] === 0 && !over && a.steps[0] === a.rows * a.steps[1])
    return { ...common, batch: 1, rows: batch * a.rows, depth: a.columns, aSteps: [0, a.steps[1], a.steps[2]], bSteps: b.steps, over: false };
  // A sum over the batch whose depths follow each other without gaps is one product of greater depth.
  if (batch > 1 && over && a.steps[0] === a.columns * a.steps[2] && b.steps[0] === b.rows * b.steps[1])
    return {
      ...common,
      batch: 1,
      rows: a.rows,
      depth: batch * a.columns,
      aSteps: [0, a.steps[1], a.steps[2]],
      bSteps: [0, b.steps[1], b.steps[2]],
      over: false,
    };
  return { ...common, batch, rows: a.rows, depth: a.columns, aSteps: a.steps, bSteps: b.steps, over: over && batch !== 1 };
}

interface Pair {
  readonly a: Matrices;
  readonly b: Matrices;
  readonly shape: readonly number[];
  readonly batch: number;
}

function pairOf(op: string, given: Given, options: MatmulOptions): Pair {
  checkOptions(op, options, ['transposeA', 'transposeB']);
  const [x, w] = [given['a'], given['b']] as [TensorSpec, TensorSpec];
  checkMatrix(op, 'a', x, 2);
  checkMatrix(op, 'b', w, 2, ['a', x]);
  const a = matrices('a', x, flag(op, 'transposeA', options.transposeA));
  const b = matrices('b', w, flag(op, 'transposeB', options.transposeB));
  if (a.columns !== b.rows) refuse(op, `a ${list(x.shape)} has ${a.columns} columns but b ${list(w.shape)} has ${b.rows} rows`, 'expected as many');
  if (a.lead.length && b.lead.length && a.lead.join() !== b.lead.join())
    refuse(op, `a ${list(x.shape)} and b ${list(w.shape)} have different batches`, 'expected the same leading axes, or none in one of them');
  const lead = a.lead.length ? a.lead : b.lead;
  const shape = [...lead, a.rows, b.columns];
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  return { a, b, shape, batch: product(lead) };
}

export function matmulCall(op: string, given: Given, options: MatmulOptions): MatmulCall {
  const { a, b, shape, batch } = pairOf(op, given, options);
  const inputs = given as Record<string, TensorSpec>;
  const x = inputs['a']!;
  return {
    op,
    inputs,
    outputs: { output: { ...fresh(shape, x.dtype), layout: shape.length > 2 ? 'nchw' : x.layout } },
    products: [times(a, b, 'output', batch, false)],
    sum: null,
  };
}

export function matmulBackwardCall(op: string, given: Given, options: MatmulOptions & { gradients?: readonly MatmulGradient[] | undefined }): MatmulCall {
  const { gradients, rest } = withoutGradients<MatmulOptions>(options);
  const { a, b, shape, batch } = pairOf(op, given, rest);
  const inputs = given as Record<string, TensorSpec>;
  const [x, w] = [inputs['a']!, inputs['b']!];
  checkGradient(op, inputs['dy']!, ['a', x], shape);
  const wanted = chosen(op, gradients, ['da', 'db'], ['da', 'db']);
  const lead = shape.slice(0, -2);
  const dy: Matrices = { name: 'dy', lead, rows: a.rows, columns: b.columns, steps: [lead.length ? a.rows * b.columns : 0, b.columns, 1] };
  const outputs: Record<string, TensorSpec> = {};
  const products: Product[] = [];
  if (wanted.includes('da')) {
    outputs['da'] = { ...x, skew: 0 };
    const over = !a.lead.length;
    products.push(rest.transposeA ? times(b, turned(dy), 'da', batch, over) : times(dy, turned(b), 'da', batch, over));
  }
  if (wanted.includes('db')) {
    outputs['db'] = { ...w, skew: 0 };
    const over = !b.lead.length;
    products.push(rest.transposeB ? times(turned(dy), a, 'db', batch, over) : times(turned(a), dy, 'db', batch, over));
  }
  return { op, inputs, outputs, products, sum: null };
}

interface Sizes {
  readonly shape: readonly number[];
  readonly rows: number;
  readonly inner: number;
  readonly outer: number;
}

function sizesOf(op: string, given: Given): Sizes {
  const [x, w, bias] = [given['x'], given['w'], given['bias']] as [TensorSpec, TensorSpec, TensorSpec | undefined];
  checkMatrix(op, 'x', x, 1);
  checkMatrix(op, 'w', w, 2, ['x', x]);
  if (w.shape.length !== 2) refuse(op, `w has shape ${list(w.shape)}`, 'expected [outFeatures, inFeatures]');
  const [outer, inner] = w.shape as [number, number];
  if (x.shape.at(-1) !== inner)
    refuse(op, `x ${list(x.shape)} has ${x.shape.at(-1)} features but w ${list(w.shape)} takes ${inner}`, `expected x [..., ${inner}]`);
  if (bias) {
    if (bias.shape.length !== 1 || bias.shape[0] !== outer)
      refuse(op, `bias has shape ${list(bias.shape)}`, `expected [${outer}], one value per output feature`);
    if (bias.dtype !== x.dtype) refuse(op, `bias has dtype ${bias.dtype} but x has ${x.dtype}`, 'expected one dtype for all tensors');
  }
  const shape = [...x.shape.slice(0, -1), outer];
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  return { shape, rows: product(x.shape.slice(0, -1)), inner, outer };
}

const flat = (name: string, rows: number, columns: number): Matrices => ({ name, lead: [], rows, columns, steps: [0, columns, 1] });

export function linearCall(op: string, given: Given, options: object): MatmulCall {
  checkOptions(op, options, ['bias']);
  const { shape, rows, inner, outer } = sizesOf(op, given);
  const inputs = given as Record<string, TensorSpec>;
  const { dtype, layout } = inputs['x']!;
  const y = times(flat('x', rows, inner), turned(flat('w', outer, inner)), 'output', 1, false);
  return { op, inputs, outputs: { output: { ...fresh(shape, dtype), layout } }, products: [{ ...y, bias: inputs['bias'] ? 'bias' : null }], sum: null };
}

export function linearBackwardCall(op: string, given: Given, options: { gradients?: readonly LinearGradient[] | undefined }): MatmulCall {
  checkOptions(op, options, ['bias', 'gradients']);
  const { shape, rows, inner, outer } = sizesOf(op, given);
  const inputs = given as Record<string, TensorSpec>;
  const [x, w] = [inputs['x']!, inputs['w']!];
  checkGradient(op, inputs['dy']!, ['x', x], shape);
  const wanted = chosen(op, options.gradients, ['dx', 'dw', 'db'], inputs['bias'] ? ['dx', 'dw', 'db'] : ['dx', 'dw']);
  const dy = flat('dy', rows, outer);
  const all: Record<LinearGradient, TensorSpec> = { dx: { ...x, skew: 0 }, dw: { ...w, skew: 0 }, db: fresh([outer], x.dtype) };
  const products: Product[] = [];
  if (wanted.includes('dx')) products.push(times(dy, flat('w', outer, inner), 'dx', 1, false));
  if (wanted.includes('dw')) products.push(times(turned(dy), flat('x', rows, inner), 'dw', 1, false));
  const outputs = Object.fromEntries(wanted.map((g) => [g, all[g]]));
  return { op, inputs, outputs, products, sum: wanted.includes('db') ? { rows, columns: outer } : null };
}
