// How the tests of this family run a call: on the reference, and by every plan on the GPU, compared bit for bit.
import { toHalf } from '../../src/half.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { pixelShuffleCall, pixelUnshuffleCall, type ShuffleCall } from '../../src/ops/shuffle/arguments.ts';
import { shufflePlans } from '../../src/ops/shuffle/plan.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate, hash32 } from '../fixtures.ts';
import { deepOf, type Example, titleOf, wideOf } from './cases.ts';

export const sideOf = (e: Example): number[] => (e.unshuffle ? wideOf(e) : deepOf(e));

/** The checked call that plans are made from. */
export function callOf(e: Example, skew = 0): ShuffleCall {
  const x = { shape: sideOf(e), dtype: e.dtype, layout: e.layout, skew };
  const { factors, order } = e;
  return e.unshuffle
    ? pixelUnshuffleCall('pixelUnshuffle', x, { downscaleFactor: factors, order })
    : pixelShuffleCall('pixelShuffle', x, { upscaleFactor: factors, order });
}

export function refer(e: Example, data: ArrayLike<number>): Float64Array {
  const x = { data, shape: sideOf(e), layout: e.layout };
  const { factors, order } = e;
  return (e.unshuffle ? reference.pixelUnshuffle(x, { downscaleFactor: factors, order }) : reference.pixelShuffle(x, { upscaleFactor: factors, order })).data;
}

/** Input of an example: any bits, or halves. */
export function inputOf(e: Example, seed: number): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const n = count(sideOf(e));
  if (e.dtype === 'f16') return generate(n, seed);
  const bits = Uint32Array.from({ length: n }, (_, i) => hash32(i, seed));
  return e.dtype === 'u32' ? bits : e.dtype === 'i32' ? new Int32Array(bits.buffer) : new Float32Array(bits.buffer);
}

/** The elements of a tensor, bit for bit. */
export async function bitsOf(t: Tensor): Promise<ArrayLike<number>> {
  const view = t.ctx.wrap(t.buffer, [Math.ceil(t.byteLength / 4)], { dtype: 'u32', offset: t.offset });
  view.faults = t.faults; // what went wrong before belongs to the bits as well
  const words = (await view.data()) as Uint32Array;
  return t.dtype === 'f16' ? new Uint16Array(words.buffer, 0, t.size) : words;
}

let runs = 0;
/** Sends bits through every plan and says which differ from the reference. */
export async function checkPlans(ctx: Context, e: Example, seed: number, upload?: (data: ReturnType<typeof inputOf>) => Tensor, most?: number) {
  const data = inputOf(e, seed);
  const x = upload ? upload(data) : ctx.tensor(data, sideOf(e), { dtype: e.dtype, layout: e.layout });
  const call = callOf(e, x.spec.skew);
  const bits = e.dtype === 'f16' ? toHalf(data) : new Uint32Array(data.buffer, data.byteOffset, data.length);
  const expected = refer(e, bits);
  const plans = shufflePlans(call, ctx.adapter, most);
  const faults: string[] = [];
  for (const plan of plans) {
    const y = ctx.run(call.op, `test ${runs++}`, { input: x }, () => plan)['output']!;
    const said = differs(await bitsOf(y), expected, { units: 0, scale: 1 });
    if (said) faults.push(`${titleOf(e)}: ${plan.name}: ${said}`);
    y.dispose();
  }
  x.dispose();
  return { names: plans.map((p) => p.name), faults };
}

/** A tensor that begins `offset` bytes into somebody else's buffer. */
export function wrapped(ctx: Context, e: Example, offset: number, data: ReturnType<typeof inputOf>): Tensor {
  const elements = e.dtype === 'f16' ? toHalf(data) : data;
  const bytes = new Uint8Array(Math.ceil((elements.byteLength + offset) / 4) * 4 + 8).fill(0x7f); // what lies around it must not matter
  bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset);
  const buffer = ctx.device.createBuffer({ size: bytes.length, usage: 0x80 | 0x8 | 0x4 });
  ctx.device.queue.writeBuffer(buffer, 0, bytes);
  return ctx.wrap(buffer, sideOf(e), { dtype: e.dtype, layout: e.layout, offset });
}
