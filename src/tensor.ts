import { refuse, UpsampleError } from './check.ts';
import type { Context } from './context.ts';
import type { Derived } from './derived.ts';
import { decoded, type TensorData } from './elements.ts';
import { type Fault, guarded } from './fault.ts';
import { BYTES, type DType, type Layout, product, type TensorSpec } from './plan.ts';
import { overlap, type Place } from './program.ts';

/** How `backward` goes back from a tensor. */
export interface BackwardOptions {
  /** Gradient of the tensor, of its shape; only a tensor of one element can do without, and then it is 1. */
  cotangent?: Tensor | undefined;
  /** Parameters whose gradients are wanted; default all that the tensor was computed from. */
  of?: readonly Tensor[] | undefined;
  /** Results of calls on the way that stay; default none. */
  keep?: readonly Tensor[] | undefined;
  /** Whether everything on the way stays, for a second `backward`; default false. */
  retain?: boolean | undefined;
}

/** Follows tensors through the calls that use them, without any operation knowing of it: how autograd records. */
export interface Tape {
  /** What `backward` gathered. */
  grad: Tensor | undefined;
  /** @param args the call as it was written
   * @param result what it returned
   * @param written tensors that it wrote into */
  record(op: string, args: readonly unknown[], result: unknown, written: readonly Tensor[]): void;
  backward(from: Tensor, options: BackwardOptions): void;
}

/** An array on the GPU. Its shape is written [N, C, ...spatial]; `layout` says how it lies in memory. Made by `ctx.tensor`, `ctx.wrap` and operations. */
export class Tensor {
  readonly ctx: Context;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
  /** The buffer that holds the data; it may be larger than the tensor. Who writes into it by other means than this library must take it for a tensor by
   * `ctx.wrap`: of other tensors the library keeps what it has derived from their elements. */
  readonly buffer: GPUBuffer;
  /** Byte offset of the first element. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether `buffer` came from `ctx.wrap` and belongs to somebody else. */
  readonly wrapped: boolean;
  /** @internal what the GPU may still report about the work behind this tensor */
  faults: readonly Fault[];
  /** @internal as plans see it */
  readonly spec: TensorSpec;
  /** @internal counts writes into an existing tensor: who writes in place adds 1, and what was derived from it is made anew */
  version = 0;
  /** @internal whether a caller's encoder writes into it, nobody knows when */
  shared = false;
  /** @internal what plans have derived from it alone */
  derived: Derived | undefined;
  /** @internal who is told of every eager call on this tensor */
  tape: Tape | undefined;
  #disposed = false;

  /** Tensors are made by `ctx.tensor`, `ctx.wrap` and operations alone. */
  constructor(...none: never);
  /** @internal */
  constructor(ctx: Context, spec: Omit<TensorSpec, 'skew'>, buffer: GPUBuffer, offset: number, wrapped: boolean, faults: readonly Fault[]);
  constructor(ctx: Context, spec: Omit<TensorSpec, 'skew'>, buffer: GPUBuffer, offset: number, wrapped: boolean, faults: readonly Fault[]) {
    this.ctx = ctx;
    this.shape = Object.freeze([...spec.shape]); // plans are kept, and their shapes are not given away
    this.dtype = spec.dtype;
    this.layout = spec.layout;
    this.buffer = buffer;
    this.offset = offset;
    this.size = product(spec.shape);
    this.wrapped = wrapped;
    this.faults = faults;
    this.spec = { shape: this.shape, dtype: spec.dtype, layout: spec.layout, skew: (offset % 256) / BYTES[spec.dtype] };
  }

  get byteLength(): number {
    return this.size * BYTES[this.dtype];
  }

  /** @internal where it is bound: WebGPU aligns bindings to 256 bytes, the rest is the spec's skew. Of what is beyond the limit the begin; plans take windows. */
  get place(): Place {
    const { buffer } = this;
    const { binding } = this.ctx.adapter.limits;
    const offset = this.offset - (this.offset % 256);
    const bytes = Math.ceil((this.offset - offset + this.byteLength) / 4) * 4;
    return { buffer, offset, size: Math.max(Math.min(bytes, buffer.size - offset, binding - (binding % 4)), 4) };
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Copies the elements to the CPU, in memory order: [N, C, ...spatial] for `nchw`, [N, ...spatial, C] for `nhwc`.
   * Rejects with the fault of any call this tensor depends on.
   * @throws UpsampleError `disposed`, `device-lost`, `out-of-memory`, `compile`, `index-out-of-range` */
  async data(): Promise<TensorData> {
    const op = 'data';
    const { ctx, buffer, byteLength } = this;
    if (this.#disposed) throw new UpsampleError('disposed', op, `the tensor [${this.shape.join(', ')}] was disposed`);
    ctx.alive(op);
    if (this.wrapped && !(buffer.usage & 0x4)) refuse(op, 'the wrapped buffer cannot be read', 'expected GPUBufferUsage.COPY_SRC among its usages');
    const start = this.offset - (this.offset % 4);
    const size = Math.ceil((this.offset + byteLength - start) / 4) * 4; // copies move whole words
    ctx.flush();
    const { value, fault } = guarded(ctx.device, op, () => {
      const staging = ctx.device.createBuffer({ size: Math.max(size, 4), usage: 0x1 | 0x8 /* MAP_READ | COPY_DST */ });
      const encoder = ctx.device.createCommandEncoder();
      if (size) encoder.copyBufferToBuffer(buffer, start, staging, 0, size);
      ctx.device.queue.submit([encoder.finish()]);
      return { staging, mapped: staging.mapAsync(1 /* GPUMapMode.READ */) };
    });
    const { staging, mapped } = value;
    mapped.catch(() => {}); // its failure is judged after the faults that explain it
    try {
      const faults = [...this.faults, fault];
      await ctx.settled(op, Promise.all(faults.map((f) => f.done)));
      for (const f of faults) if (f.error) throw f.error;
      await ctx.settled(op, mapped);
      ctx.alive(op);
      return decoded(staging.getMappedRange().slice(this.offset - start, this.offset - start + byteLength), this.dtype);
    } finally {
      staging.destroy();
    }
  }

  /** The only element of a tensor of size 1.
   * @throws UpsampleError `invalid-argument` for other sizes, and what `data` throws */
  async item(): Promise<number> {
    if (this.size !== 1) throw new UpsampleError('invalid-argument', 'item', `the tensor [${this.shape.join(', ')}] has ${this.size} elements; expected 1`);
    return (await this.data())[0]!;
  }

  /** The gradient that `backward` gathered, of a `parameter` of webgpu-upsample/nn: kept until `zeroGrad`, also out of `ctx.tidy`.
   * A further `backward` puts the sum in its place and frees it. */
  get grad(): Tensor | undefined {
    return this.tape?.grad;
  }

  /** Computes the gradients of this tensor, a loss, with respect to the parameters it was computed from, and adds them to their `grad`.
   * Disposes what the recorded calls on the way had made, except this tensor and those of `keep`.
   * @param options `cotangent` 1, `of` all parameters, `keep` none, `retain` false
   * @throws UpsampleError `invalid-argument` where no parameter leads here, a call on the way has no gradient, or the way was gone before; `disposed` */
  backward(options: BackwardOptions = {}): void {
    if (!this.tape) refuse('backward', `the tensor [${this.shape.join(', ')}] was not computed from a parameter`, 'see parameter of webgpu-upsample/nn');
    this.tape.backward(this, options);
  }

  /** Gives the memory back. A second call does nothing; a read under way finishes. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.ctx.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses tensors that a call cannot write together: WebGPU binds a buffer for writing in parts that do not overlap, which begin at multiples of 256 bytes. */
export function checkApart(op: string, into: Readonly<Record<string, Tensor>>): void {
  const all = Object.entries(into);
  for (const [i, [name, t]] of all.entries())
    for (const [other, u] of all.slice(0, i))
      if (overlap(t.place, u.place))
        refuse(op, `${other} and ${name} share a part of one buffer`, 'expected each at a multiple of 256 bytes, or separate buffers');
}
