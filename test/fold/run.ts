// How the tests of this family run a map: on the reference, and by every plan on the GPU.
import { fromHalf, toHalf } from '../../src/half.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { type FoldCall, foldCall, unfoldCall } from '../../src/ops/fold/arguments.ts';
import { foldPlans } from '../../src/ops/fold/plan.ts';
import * as reference from '../../src/reference.ts';
import { type Bound, count, differs, generate, hash32 } from '../fixtures.ts';
import { bitsOf } from '../shuffle/run.ts';
import { type Example, titleOf } from './cases.ts';

/** One direction of an example. */
export interface Direction {
  readonly example: Example;
  /** Whether columns are added up. */
  readonly fold: boolean;
  /** Shapes of its input and of its result. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

export function directionsOf(example: Example): [Direction, Direction] {
  const { shape, options, layout, dtype } = example;
  const columns = unfoldCall('unfold', { shape, layout, dtype, skew: 0 }, options).shape;
  return [
    { example, fold: false, from: shape, to: columns },
    { example, fold: true, from: columns, to: shape },
  ];
}

/** The checked call that plans are made from. */
export function callOf({ example: { shape, options, layout, dtype }, fold, from }: Direction, skew = 0): FoldCall {
  const x = { shape: from, dtype, layout, skew };
  return fold ? foldCall('fold', x, { ...options, outputSize: shape.slice(2) }) : unfoldCall('unfold', x, options);
}

export function refer({ example: { shape, options, layout }, fold, from }: Direction, data: ArrayLike<number>): Float64Array {
  const x = { data, shape: from, layout };
  return (fold ? reference.fold(x, { ...options, outputSize: shape.slice(2) }) : reference.unfold(x, options)).data;
}

/** What a fold may differ by: sums of as many terms as windows overlap. */
export function boundOf(map: Direction, data: ArrayLike<number>): Bound {
  const most = (values: ArrayLike<number>) => refer(map, values).reduce((a, b) => Math.max(a, b), 0);
  const terms = most(new Float64Array(data.length).fill(1));
  return { units: 4 + 2 * Math.sqrt(terms), scale: most(Float64Array.from(data, Math.abs)), relative: map.example.dtype === 'f16' ? 2 ** -11 : 0 };
}

export function inputOf({ example: { dtype }, from }: Direction, seed: number): Float32Array<ArrayBuffer> {
  const values = generate(count(from), seed);
  return dtype === 'f16' ? fromHalf(toHalf(values)) : values;
}

let runs = 0;
/** Sends data through every plan and says what differs from the reference: of an unfold any bit. */
export async function checkPlans(ctx: Context, map: Direction, seed: number, offset?: number) {
  const { dtype, layout } = map.example;
  const values = inputOf(map, seed);
  const data = map.fold || dtype === 'f16' ? values : new Float32Array(values.map((_, i) => i)); // any bits: words are made of numbers below
  const words = map.fold ? undefined : dtype === 'f16' ? toHalf(values) : Uint32Array.from(values, (_, i) => hash32(i, seed));
  const elements = dtype === 'f16' ? toHalf(values) : words ? new Float32Array((words as Uint32Array<ArrayBuffer>).buffer) : data;
  let x: Tensor;
  if (offset === undefined) x = ctx.tensor(elements, map.from, { dtype, layout });
  else {
    const bytes = new Uint8Array(Math.ceil((elements.byteLength + offset) / 4) * 4 + 8).fill(0x7f);
    bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset);
    const buffer = ctx.device.createBuffer({ size: bytes.length, usage: 0x80 | 0x8 | 0x4 });
    ctx.device.queue.writeBuffer(buffer, 0, bytes);
    x = ctx.wrap(buffer, map.from, { dtype, layout, offset });
  }
  const call = callOf(map, x.spec.skew);
  const plans = foldPlans(call, ctx.adapter);
  const faults: string[] = [];
  for (const plan of plans) {
    const y = ctx.run(call.op, `test ${runs++}`, { input: x }, () => plan)['output']!;
    const said = words
      ? differs(await bitsOf(y), refer(map, words), { units: 0, scale: 1 })
      : differs(await y.data(), refer(map, values), boundOf(map, values));
    if (said) faults.push(`${call.op} ${titleOf(map.example)}: ${plan.name}: ${said}`);
    y.dispose();
  }
  x.dispose();
  return { names: plans.map((p) => p.name), faults };
}
