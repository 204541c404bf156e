// How the tests of the resample family run a call: on the reference, and by any plan on the GPU.

import { fromHalf, toHalf } from '../../src/half.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { backwardCall, insertNdCall, interpolateCall, resizeCall } from '../../src/ops/resample/arguments.ts';
import { type ResampleCall, rowsOfCall } from '../../src/ops/resample/call.ts';
import { resamplePlans } from '../../src/ops/resample/plan.ts';
import { mostTaps } from '../../src/ops/resample/table.ts';
import type { Plan, TensorSpec } from '../../src/plan.ts';
import * as reference from '../../src/reference.ts';
import { type Bound, count, differs, generate, hash32 } from '../fixtures.ts';
import { type Call, type Example, titleOf } from './cases.ts';

const REFERENCE = { ...reference };

type Check = (op: string, x: TensorSpec, options: never) => ResampleCall;
const CHECKS: Record<Call[0], Check> = {
  interpolate: interpolateCall,
  resize: resizeCall,
  bedOfNails1d: insertNdCall(1, true),
  bedOfNails2d: insertNdCall(2, true),
  bedOfNails3d: insertNdCall(3, true),
  zeroInsert1d: insertNdCall(1, false),
  zeroInsert2d: insertNdCall(2, false),
  zeroInsert3d: insertNdCall(3, false),
};

/** One direction of an example: what is computed from what. */
export interface Direction {
  readonly example: Example;
  readonly backward: boolean;
  /** Shapes of its input and of its result. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** An example forwards and, where its dtype has gradients, backwards. */
export function directionsOf(example: Example): Direction[] {
  const { call, layout, dtype } = example;
  const { shape } = CHECKS[call[0]](call[0], { shape: call[1], dtype, layout, skew: 0 }, call[2] as never);
  const forward = { example, backward: false, from: call[1], to: shape };
  return dtype === 'f32' || dtype === 'f16' ? [forward, { example, backward: true, from: shape, to: call[1] }] : [forward];
}

/** The checked call that plans are made from. */
export function callOf({ example: { call, layout, dtype }, backward, from }: Direction, skew = 0): ResampleCall {
  const [op, shape, options] = call;
  const x = { shape: from, dtype, layout, skew };
  return backward ? backwardCall(`${op}Backward`, x, shape, (s) => CHECKS[op](`${op}Backward`, s, options as never)) : CHECKS[op](op, x, options as never);
}

/** The map on the reference; `linear` without the constant outside a crop region. */
export function refer({ example: { call, layout, dtype }, backward, from }: Direction, data: ArrayLike<number>, linear = false): Float64Array {
  const [op, shape, given] = call;
  const options = (linear && 'extrapolationValue' in given ? { ...given, extrapolationValue: 0 } : given) as never;
  const x = { data, shape: from, layout, dtype };
  return (backward ? REFERENCE[`${op}Backward`](x, shape, options) : REFERENCE[op](x, options)).data;
}

/** Whether the map copies bits: nearest forwards, bed of nails and zero insertion both ways. */
export function copies({ example: { call }, backward }: Direction): boolean {
  if (call[0] !== 'interpolate' && call[0] !== 'resize') return true;
  return !backward && (call[2].mode ?? 'nearest').startsWith('nearest');
}

/** How much a map may err, by the table of tolerances: from its kind and, backwards, from the most contributions that an element gets. */
export function unitsOf(map: Direction): number {
  if (copies(map)) return 0;
  const taps = rowsOfCall(callOf(map)).reduce((n, rows) => n * mostTaps(rows), 1);
  return (nearest(map) ? 4 : plain(map) ? 8 : 16) + (map.backward ? 2 * Math.sqrt(taps) : 0);
}
const optionsOf = (map: Direction) => map.example.call[2] as { mode?: string; antialias?: boolean };
const nearest = (map: Direction) => (optionsOf(map).mode ?? 'nearest').startsWith('nearest');
const plain = (map: Direction) => ['linear', 'bilinear', 'trilinear', 'area'].includes(optionsOf(map).mode!) && !optionsOf(map).antialias;

/** What is allowed to a sum, with the size of the sums: the map on absolute values, for cubic and filters the largest input. */
export function boundOf(map: Direction, data: ArrayLike<number>): Bound {
  const sizes = Float64Array.from(data, Math.abs);
  const scale = (nearest(map) || plain(map) ? refer(map, sizes, true) : sizes).reduce((a, b) => Math.max(a, b), 0);
  return { units: unitsOf(map), scale, relative: map.example.dtype === 'f16' ? 2 ** -11 : 0 };
}

/** Input for a map: numbers in [-1, 1), exact in its dtype. */
export function inputOf({ example: { dtype }, from }: Direction, seed: number): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const n = count(from);
  if (dtype === 'u32') return Uint32Array.from({ length: n }, (_, i) => hash32(i, seed));
  if (dtype === 'i32') return Int32Array.from({ length: n }, (_, i) => hash32(i, seed) | 0);
  const values = generate(n, seed);
  return dtype === 'f16' ? fromHalf(toHalf(values)) : values;
}

let runs = 0;
/** Runs one plan, whatever the chooser would prefer. */
export const runPlan = (ctx: Context, { op }: ResampleCall, plan: Plan, x: Tensor): Tensor =>
  ctx.run(op, `test ${runs++}`, { input: x }, () => plan)['output']!;

/** Every admissible plan of a map. */
export const plansOf = (ctx: Context, map: Direction, skew = 0): { call: ResampleCall; plans: Plan[] } => {
  const call = callOf(map, skew);
  return { call, plans: resamplePlans(call, ctx.adapter) };
};

/** The words of a tensor, bit for bit. */
export async function bitsOf(t: Tensor): Promise<Uint32Array> {
  const words = t.ctx.wrap(t.buffer, [Math.ceil(t.byteLength / 4)], { dtype: 'u32', offset: t.offset });
  const bits = (await words.data()) as Uint32Array;
  return t.byteLength % 4 ? bits.map((b, i) => (i === bits.length - 1 ? b & 0xffff : b)) : bits;
}

/** Bits that a copying map yields from bits: found by sending every element's number through the reference. */
export function movedBits(map: Direction, bits: ArrayLike<number>, fill: number): number[] {
  const first = 2 ** 24; // numbers that no fill value has
  const at = refer(
    map,
    Float64Array.from({ length: bits.length }, (_, i) => first + i),
  );
  return Array.from(at, (i) => (i >= first ? bits[i - first]! : fill));
}

/** The bits of the value outside a crop region. */
function fillBits({ call, dtype }: Example): number {
  const { extrapolationValue = 0 } = call[2] as { extrapolationValue?: number };
  if (dtype === 'f16') return toHalf([extrapolationValue])[0]!;
  return dtype === 'f32' ? new Uint32Array(Float32Array.of(extrapolationValue).buffer)[0]! : extrapolationValue >>> 0;
}

export interface Options {
  readonly seed?: number;
  /** Makes the input tensor; default `ctx.tensor`. */
  readonly upload?: (data: Data) => Tensor;
  readonly data?: Data;
}
export type Data = ReturnType<typeof inputOf>;

/** Sends data through every plan and describes what differs from the reference. */
export async function checkPlans(ctx: Context, map: Direction, { seed = 1, data = inputOf(map, seed), upload }: Options = {}) {
  const { dtype, layout } = map.example;
  const x = upload ? upload(data) : ctx.tensor(data, map.from, { dtype, layout });
  const { call, plans } = plansOf(ctx, map, x.spec.skew);
  const results = plans.map((plan) => runPlan(ctx, call, plan, x));
  let said: string[];
  if (copies(map)) {
    const bits = dtype === 'f16' ? toHalf(data) : new Uint32Array(data.buffer, data.byteOffset, data.length);
    const expected = movedBits(map, bits, fillBits(map.example));
    const words = await Promise.all(results.map(bitsOf));
    said = words.map((w) => differs(dtype === 'f16' ? new Uint16Array(w.buffer, 0, expected.length) : w, expected, { units: 0, scale: 1 }));
  } else {
    const expected = refer(map, data);
    const bound = boundOf(map, data);
    said = (await Promise.all(results.map((y) => y.data()))).map((values) => differs(values, expected, bound));
  }
  for (const t of [x, ...results]) t.dispose();
  const title = `${titleOf(map.example)}${map.backward ? ' backward' : ''}`;
  return { ran: plans.length, faults: said.flatMap((s, i) => (s ? [`${title}: ${plans[i]!.name}: ${s}`] : [])) };
}

/** The same for many examples, forwards and backwards. */
export async function checkAll(ctx: Context, examples: readonly Example[], options: (map: Direction, i: number) => Options = (_, i) => ({ seed: i + 1 })) {
  const total = { maps: 0, ran: 0, faults: [] as string[] };
  for (const example of examples)
    for (const map of directionsOf(example)) {
      const { ran, faults } = await checkPlans(ctx, map, options(map, total.maps));
      total.maps++;
      total.ran += ran;
      total.faults.push(...faults);
    }
  return total;
}

/** A tensor that begins `offset` bytes into somebody else's buffer. */
export function wrapped(ctx: Context, { example: { dtype, layout }, from }: Direction, offset: number, data: Data): Tensor {
  const elements = dtype === 'f16' ? toHalf(data) : data;
  const bytes = new Uint8Array(Math.ceil((elements.byteLength + offset) / 4) * 4 + 8).fill(0x7f); // what lies around it must not matter
  bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset);
  const buffer = ctx.device.createBuffer({ size: bytes.length, usage: 0x80 | 0x8 | 0x4 });
  ctx.device.queue.writeBuffer(buffer, 0, bytes);
  return ctx.wrap(buffer, from, { dtype, layout, offset });
}

/** Bytes at which tests let wrapped tensors begin: odd multiples of elements, and beyond the alignment of bindings. */
export const OFFSETS = { f32: [4, 8, 12, 260], f16: [2, 4, 6, 262] } as const;
