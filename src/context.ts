import { checkNumbers, checkOptions, checkShape, countElements, type ErrorCode, refuse, show, UpsampleError } from './check.ts';
import { Derived } from './derived.ts';
import { uploadable } from './elements.ts';
import { type Fault, guarded, joined } from './fault.ts';
import { Pipelines } from './kernel.ts';
import type { LimitOptions, Memory, TensorOptions } from './options.ts';
import { type Adapter, BYTES, bytesOf, type DType, type Layout, type Limits, type Plan, product, type TensorSpec } from './plan.ts';
import { BufferPool, roundSize } from './pool.ts';
import { type Place, Program } from './program.ts';
import { Programs } from './programs.ts';
import { Recorder } from './recorder.ts';
import { checkApart, Tensor } from './tensor.ts';

export type { LimitOptions, Memory, TensorOptions } from './options.ts';

const STORAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST

const DTYPES = Object.keys(BYTES) as DType[];
const LAYOUTS: Layout[] = ['nchw', 'nhwc'];

/** A device with what the library keeps on it: buffers, pipelines, plans, and the calls not yet submitted. */
export class Context {
  readonly device: GPUDevice;
  /** Whether the adapter computes on the CPU (SwiftShader, llvmpipe, WARP). */
  readonly isSoftware: boolean;
  /** Resolves when the device is gone, with the reason. */
  readonly lost: Promise<GPUDeviceLostInfo>;
  /** Names of the plans that `tune` found quickest, by call: with the adapter's name an application may keep them, and set them again. */
  readonly choices = new Map<string, string>();
  /** @internal what plans may know */
  readonly adapter: Adapter;
  /** @internal keeps the object alive that Node's WebGPU depends on */
  readonly gpu: GPU | undefined;

  readonly #owned: boolean;
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #programs: Programs;
  /** Buffers of the pool that tensors' derivations hold. */
  #derived = 0;
  readonly #recorder: Recorder;
  /** Why nothing can be computed any more, for an operation that asks. */
  #ended: ((op: string) => UpsampleError) | undefined;
  /** The latest tensor of each buffer. */
  readonly #owners = new WeakMap<GPUBuffer, Tensor>();
  readonly #waiting = new Set<() => void>();
  readonly #scopes: Set<Tensor>[] = [];

  /** @internal use createContext or fromDevice */
  constructor(device: GPUDevice, owned: boolean, gpu?: GPU, caps: LimitOptions = {}) {
    this.device = device;
    this.#owned = owned;
    this.gpu = gpu;
    const { limits } = device;
    const info: Partial<GPUAdapterInfo> = device.adapterInfo ?? {};
    const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
    this.isSoftware = info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(words);
    const lower = (name: keyof typeof caps) => Math.min(limits[name], caps[name] ?? Number.POSITIVE_INFINITY);
    const allowed: Limits = {
      binding: lower('maxStorageBufferBindingSize'),
      buffer: lower('maxBufferSize'),
      groups: lower('maxComputeWorkgroupsPerDimension'),
    };
    const subgroup = device.features.has('subgroups') ? (info.subgroupMinSize ?? 0) : 0;
    this.adapter = { software: this.isSoftware, subgroup, limits: allowed };
    this.#pool = new BufferPool((size, op) => guarded(device, op, () => device.createBuffer({ size, usage: STORAGE }), 'out-of-memory', true));
    this.#pipelines = new Pipelines(device);
    this.#recorder = new Recorder(device, () => this.#pool.trim());
    this.#programs = new Programs(() => this.#recorder.submit());
    this.lost = device.lost;
    device.lost.then((info) => this.#end('device-lost', `the device is lost (${info.reason}): ${info.message || 'no reason given'}`));
  }

  /** Uploads an array as a tensor: elements in memory order, [N, C, ...spatial] for `nchw`, [N, ...spatial, C] for `nhwc`.
   * @param data as many numbers as the shape has elements; for f16 numbers, or a Uint16Array of IEEE half bits; for u32 and i32 taken modulo 2^32, without fractions
   * @param shape [N, C, ...spatial], or any other
   * @param options `dtype` `'f32'`, `layout` `'nchw'`
   * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-lost` */
  tensor(data: ArrayLike<number>, shape: readonly number[], options: TensorOptions = {}): Tensor {
    this.alive('tensor');
    const spec = this.checkSpec('tensor', shape, options);
    const n = product(spec.shape);
    checkNumbers('tensor', data);
    if (data.length !== n) refuse('tensor', `data has ${data.length} elements for shape [${spec.shape.join(', ')}]`, `expected ${n}`);
    return this.filled('tensor', spec, (buffer) => this.device.queue.writeBuffer(buffer, 0, uploadable(data, spec.dtype)));
  }

  /** @internal a tensor whose buffer `fill` writes with queue operations of its own */
  filled(op: string, spec: Omit<TensorSpec, 'skew'>, fill: (buffer: GPUBuffer) => void): Tensor {
    const { buffer, fault, fresh } = this.#pool.acquire(roundSize(bytesOf(spec), this.adapter.limits.buffer), op);
    try {
      if (!fresh) this.#recorder.submit(); // unsubmitted work may still read what is replaced
      const written = guarded(this.device, op, () => fill(buffer)).fault;
      return this.#track(new Tensor(this, spec, buffer, 0, false, fault ? [fault, written] : [written]));
    } catch (error) {
      this.#pool.release(buffer);
      throw error;
    }
  }

  /** Uses somebody else's buffer as a tensor: no copy, not owned, its size taken from the shape. The buffer needs usage STORAGE.
   * Calls that touch it are submitted alone and at once, in the order of the calls.
   * @param options `offset` in bytes, a multiple of the element size; default 0
   * @throws UpsampleError `invalid-argument`, `limit-exceeded`; a buffer of another device is reported as `device-mismatch` by the next awaited call */
  wrap(buffer: GPUBuffer, shape: readonly number[], options: TensorOptions & { offset?: number | undefined } = {}): Tensor {
    this.alive('wrap');
    checkOptions('wrap', options, ['dtype', 'layout', 'offset']);
    const { offset = 0, ...rest } = options;
    const spec = this.checkSpec('wrap', shape, rest);
    const bytes = bytesOf(spec);
    if (typeof buffer?.size !== 'number' || typeof buffer.usage !== 'number') refuse('wrap', `buffer is ${show(buffer)}`, 'expected a GPUBuffer');
    if (!Number.isInteger(offset) || offset < 0 || offset % BYTES[spec.dtype])
      refuse('wrap', `offset is ${show(offset)}`, `expected a multiple of ${BYTES[spec.dtype]} bytes`);
    if (offset + bytes > buffer.size)
      refuse('wrap', `[${spec.shape.join(', ')}] at offset ${offset} needs ${offset + bytes} bytes`, `the buffer has ${buffer.size}`);
    const end = Math.ceil((offset + bytes) / 4) * 4; // GPUs read whole words
    if (end > buffer.size) refuse('wrap', `the buffer has ${buffer.size} bytes`, `expected ${end}: whole words`);
    if (!(buffer.usage & 0x80)) refuse('wrap', `the buffer has usage ${buffer.usage}`, 'expected GPUBufferUsage.STORAGE among its usages');
    const { fault } = guarded(
      this.device,
      'wrap',
      () => {
        const layout = this.device.createBindGroupLayout({ entries: [{ binding: 0, visibility: 4, buffer: { type: 'read-only-storage' } }] });
        this.device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer, size: 4 } }] });
      },
      'device-mismatch',
      true,
    );
    return this.#track(new Tensor(this, spec, buffer, offset, true, [fault]));
  }

  /** @internal a checked shape, type and layout */
  checkSpec(op: string, shape: readonly number[], options: TensorOptions): Omit<TensorSpec, 'skew'> {
    checkOptions(op, options, ['dtype', 'layout']);
    const { dtype = 'f32', layout = 'nchw' } = options;
    if (!DTYPES.includes(dtype)) refuse(op, `dtype is ${show(dtype)}`, `expected one of ${DTYPES.join(', ')}`);
    if (!LAYOUTS.includes(layout)) refuse(op, `layout is ${show(layout)}`, `expected one of ${LAYOUTS.join(', ')}`);
    if (dtype === 'f16' && !this.device.features.has('shader-f16')) refuse(op, 'dtype is "f16" but the device lacks the feature shader-f16', 'use f32');
    const checked = checkShape(op, 'shape', shape);
    const bytes = countElements(op, 'shape', checked, BYTES[dtype]) * BYTES[dtype];
    if (bytes > this.adapter.limits.buffer)
      throw new UpsampleError(
        'limit-exceeded',
        op,
        `[${checked.join(', ')}] needs a buffer of ${bytes} bytes; the device allows ${this.adapter.limits.buffer}`,
      );
    return { shape: checked, dtype, layout };
  }

  /** Live tensors, and what is kept for speed. */
  memory(): Memory {
    const { count, bytes, idle: idleBytes } = this.#pool;
    const { size: plans, bytes: planBytes } = this.#programs;
    return { tensors: count - this.#derived, bytes, idleBytes, plans, planBytes, pipelines: this.#pipelines.size };
  }

  /** Submits the calls made so far; otherwise they go at the end of the current task or with the next read. */
  flush(): void {
    this.#recorder.submit();
  }

  /** Runs a synchronous function and disposes every tensor it made, except those it returns (alone, in an array or as properties). */
  tidy<T>(body: () => T): T {
    return this.scope(body, (made, result) => {
      const kept = new Set<unknown>(result instanceof Tensor ? [result] : typeof result === 'object' && result ? Object.values(result) : []);
      for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
    });
  }

  /** @internal Runs a synchronous function on the set of tensors it makes. What `end` does not dispose of belongs to the scope around this one. */
  scope<T>(body: (made: ReadonlySet<Tensor>) => T, end: (made: ReadonlySet<Tensor>, result: T | undefined) => void): T {
    const made = new Set<Tensor>();
    this.#scopes.push(made);
    let result: T | undefined;
    try {
      result = body(made);
      if (result instanceof Promise) refuse('tidy', 'the function returned a promise', 'expected a synchronous function');
      return result;
    } finally {
      this.#scopes.pop();
      end(made, result);
      for (const tensor of made) if (!tensor.disposed) this.#track(tensor);
    }
  }

  /** @internal A tensor that outlives the scopes it was made in. */
  keep(tensor: Tensor): Tensor {
    for (const scope of this.#scopes) scope.delete(tensor);
    return tensor;
  }

  /** Waits until prepared operations are compiled: `await ctx.warmup([bilinear2d.prepare(ctx, …), …])`. */
  warmup<T>(prepared: readonly Promise<T>[]): Promise<T[]> {
    return Promise.all(prepared);
  }

  /** Ends the context and frees its memory, that of its tensors too. A device made by `createContext` is destroyed, one given to `fromDevice` is not. */
  destroy(): void {
    if (this.#ended) return;
    this.#recorder.submit();
    this.#programs.clear();
    this.#derived = 0;
    this.#pool.end();
    this.#end('disposed', 'the context was destroyed');
    if (this.#owned) this.device.destroy();
  }

  #end(code: ErrorCode, why: string): void {
    this.#ended ??= (op) => new UpsampleError(code, op, why);
    this.#recorder.end(this.#ended('context'));
    for (const reject of this.#waiting) reject();
    this.#waiting.clear();
  }

  /** @internal Notes that a caller's encoder writes into a buffer: what a tensor of it holds is not known from then on. */
  share(buffer: GPUBuffer): void {
    const tensor = this.#owners.get(buffer);
    if (tensor) tensor.shared = true;
  }

  /** @internal throws when the context can no longer compute */
  alive(op: string): void {
    if (this.#ended) throw this.#ended(op);
  }

  /** @internal waits for the GPU without outliving it: many WebGPU promises resolve or hang on a lost device */
  settled<T>(op: string, promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const ended = () => reject(this.#ended!(op));
      if (this.#ended) return ended();
      this.#waiting.add(ended);
      const end = (act: () => void) => {
        if (this.#waiting.delete(ended)) act();
      };
      promise.then(
        (value) => end(() => resolve(value)),
        (error) => {
          // A rejection may precede the news of the loss that caused it.
          if (error instanceof UpsampleError) end(() => reject(error));
          else setTimeout(() => end(() => reject(error)), 50);
        },
      );
    });
  }

  /** @internal */
  release(tensor: Tensor): void {
    this.keep(tensor);
    tensor.derived?.clear();
    if (tensor.wrapped || this.#ended) return;
    this.#pool.release(tensor.buffer);
    if (this.#recorder.idle) this.#pool.trim();
  }

  #track(tensor: Tensor): Tensor {
    if (!tensor.wrapped) this.#owners.set(tensor.buffer, tensor);
    this.#scopes.at(-1)?.add(tensor);
    return tensor;
  }

  /** @internal Runs the plan of a call: recorded now, submitted with the batch.
   * @param key names the call completely, so that an equal call reuses its plan
   * @param into outputs that are written in place, rather than made */
  run(
    op: string,
    key: string,
    inputs: Readonly<Record<string, Tensor>>,
    plan: () => Plan,
    into: Readonly<Record<string, Tensor>> = {},
  ): Record<string, Tensor> {
    this.alive(op);
    checkApart(op, into);
    const program = this.#programs.get(key, () => new Program(this.device, this.#pipelines, this.adapter.limits, op, plan()));
    const { limits } = this.adapter;
    const faults = new Set<Fault>();
    const depend = (fault: Fault | undefined) => fault && fault.error !== null && faults.add(fault);
    const places = new Map<string, Place>();
    const taken: GPUBuffer[] = [];
    const take = (name: string, bytes: number) => {
      const { buffer, fault } = this.#pool.acquire(roundSize(bytes, limits.buffer), op);
      taken.push(buffer);
      depend(fault);
      places.set(name, { buffer, offset: 0, size: Math.min(buffer.size, limits.binding - (limits.binding % 4)) });
      return { buffer, fault };
    };
    for (const [name, input] of Object.entries({ ...inputs, ...into })) {
      for (const fault of input.faults) depend(fault);
      places.set(name, input.place);
    }
    depend(program.fault);
    const { verdict } = program.plan;
    if (verdict) depend(this.#recorder.room(op, verdict));
    try {
      const made = Object.entries(program.plan.outputs).filter(([name]) => !into[name]);
      const outputs = made.map(([name, spec]) => [name, spec, take(name, bytesOf(spec)).buffer] as const);
      const w = inputs['w'];
      const weights = program.plan.once?.length && !w?.wrapped && !w?.shared ? w : undefined;
      const known = weights?.derived?.get(key, weights.version);
      /** What may be wrong with that which is derived from the weights: it serves other calls too. */
      const own = new Set([...(weights?.faults ?? []), program.fault]);
      if (known) {
        for (const [name, place] of known.places) places.set(name, place);
        for (const fault of known.faults) depend(fault);
      } else
        for (const [name, bytes] of Object.entries(program.plan.kept ?? {})) {
          const { fault } = take(name, bytes);
          if (fault) own.add(fault);
        }
      const lasting = taken.length;
      for (const [name, bytes] of Object.entries(program.plan.scratch)) take(name, bytes);
      // A call whose objects may turn out invalid, or belong to somebody else, must not take others down with it.
      const alone = Object.values({ ...inputs, ...into }).some((x) => x.wrapped) || [...faults].some((f) => f.spoils);
      const find = (name: string) => places.get(name)!;
      if (alone) this.#recorder.submit();
      const first = weights && !known && alone;
      if (first) {
        // Nor must what only this call depends on be blamed on what is kept for others.
        const { pass, fault } = this.#recorder.open(op);
        for (const f of [guarded(this.device, op, () => program.encode(pass, find, 'once')).fault, fault]) own.add(f);
        this.#recorder.submit();
        for (const f of own) depend(f);
      }
      const batch = this.#recorder.open(op);
      const asked = verdict && this.#recorder.verdict(op, verdict);
      if (asked) places.set('verdict', asked.place);
      for (const fault of asked?.faults ?? []) depend(fault);
      const encode = () => program.encode(batch.pass, find, known || first ? 'steps' : 'all');
      if (alone) depend(guarded(this.device, op, encode).fault);
      else encode();
      depend(batch.fault);
      if (!first) own.add(batch.fault);
      batch.dispatches += program.plan.steps.length;
      if (alone) this.#recorder.submit();
      const list = joined(faults);
      const derived = taken.slice(outputs.length, lasting);
      for (const buffer of taken.splice(weights ? lasting : outputs.length)) this.#pool.release(buffer);
      if (weights && !known) {
        this.#derived += derived.length;
        weights.derived ??= new Derived((buffer) => {
          if (this.#ended) return;
          this.#derived--;
          this.#pool.release(buffer);
        });
        const of = new Map(Object.keys(program.plan.kept!).map((name) => [name, places.get(name)!]));
        weights.derived.set(key, { version: weights.version, places: of, faults: joined(own) });
      }
      for (const tensor of Object.values(into)) {
        tensor.version++;
        tensor.faults = list;
      }
      return { ...into, ...Object.fromEntries(outputs.map(([name, spec, buffer]) => [name, this.#track(new Tensor(this, spec, buffer, 0, false, list))])) };
    } catch (error) {
      for (const buffer of taken) this.#pool.release(buffer);
      throw error;
    }
  }

  /** @internal compiles a plan for a caller who encodes it */
  async compile(op: string, plan: Plan): Promise<Program> {
    this.alive(op);
    const program = new Program(this.device, this.#pipelines, this.adapter.limits, op, plan);
    try {
      await this.settled(op, program.compileLater());
    } catch (error) {
      program.destroy();
      throw error;
    }
    return program;
  }

  /** @internal runs the steps of a program that read weights alone */
  async once(op: string, program: Program, find: (name: string) => Place): Promise<void> {
    this.flush(); // eager calls may write the weights
    const { fault } = guarded(this.device, op, () => {
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      program.encode(pass, find, 'once');
      pass.end();
      this.device.queue.submit([encoder.finish()]);
    });
    await this.settled(op, fault.done);
    if (fault.error) throw fault.error;
  }

  /** @internal scratch buffers that a prepared operation keeps */
  scratch(op: string, sizes: Readonly<Record<string, number>>): { places: Map<string, Place>; done: Promise<void> } {
    const places = new Map<string, Place>();
    const { fault } = guarded(this.device, op, () => {
      for (const [name, size] of Object.entries(sizes)) places.set(name, { buffer: this.device.createBuffer({ size, usage: STORAGE }), offset: 0, size });
    });
    const done = this.settled(op, fault.done).then(() => {
      if (fault.error) throw fault.error;
    });
    return { places, done };
  }
}
