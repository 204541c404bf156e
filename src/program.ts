import { UpsampleError } from './check.ts';
import { Fault, guarded } from './fault.ts';
import type { Pipelines } from './kernel.ts';
import type { Limits, Plan, Step, Window } from './plan.ts';
import { roundSize } from './pool.ts';
import { declared, paramsBytes } from './shader.ts';

/** Where a name of a plan lives: `offset` is a multiple of 256. */
export interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Whether two places share bytes. */
export const overlap = (a: Place, b: Place): boolean => a.buffer === b.buffer && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

const ALIGN = 256; // uniform and storage binding offsets
/** Bind groups that are kept for each step. */
const MOST_GROUPS = 16;
const padded = (bytes: number) => Math.ceil(bytes / ALIGN) * ALIGN;

/** A plan on a device: its pipelines, parameters and tables. Encoding it compiles nothing, and allocates nothing but bind groups for buffers that it has not met lately. */
export class Program {
  readonly plan: Plan;
  readonly op: string;
  /** What allocation and compilation may still report. */
  fault: Fault;
  readonly #device: GPUDevice;
  readonly #pipelines: Pipelines;
  readonly #compiled: GPUComputePipeline[] = [];
  /** The steps that run once for their weights, then the others. */
  readonly #all: readonly Step[];
  readonly #tables = new Map<string, Place>();
  readonly #params: GPUBuffer | undefined;
  /** Bind groups by step, the latest first: calls in a loop are given the same buffers. */
  readonly #groups: { readonly places: readonly Place[]; readonly group: GPUBindGroup }[][] = [];
  /** Bytes of tables and parameters. */
  readonly bytes: number;

  constructor(device: GPUDevice, pipelines: Pipelines, limits: Limits, op: string, plan: Plan) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.plan = plan;
    this.op = op;
    this.#all = [...(plan.once ?? []), ...plan.steps];
    let bytes = 0;
    const { value, fault } = guarded(device, op, () => {
      for (const [name, data] of Object.entries(plan.tables)) {
        const size = roundSize(data.byteLength, limits.buffer);
        const buffer = device.createBuffer({ label: `${op} ${name}`, size, usage: 0x80 | 0x8 /* STORAGE | COPY_DST */ });
        device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
        this.#tables.set(name, { buffer, offset: 0, size: Math.max(data.byteLength, 4) });
        bytes += size;
      }
      const all = this.#all.map((step) => paramsBytes(step.kernel, step.params));
      const size = all.reduce((sum, p) => sum + padded(p.byteLength), 0);
      if (!size) return undefined;
      const together = new Uint8Array(size);
      let at = 0;
      for (const p of all) {
        together.set(new Uint8Array(p), at);
        at += padded(p.byteLength);
      }
      const buffer = device.createBuffer({ label: `${op} params`, size, usage: 0x40 | 0x8 /* UNIFORM | COPY_DST */ });
      device.queue.writeBuffer(buffer, 0, together);
      bytes += size;
      return buffer;
    });
    this.#params = value;
    this.fault = fault;
    this.bytes = bytes;
  }

  /** Compiles at once. */
  compileNow(): void {
    const faults = [this.fault];
    for (const step of this.#all) {
      const { pipeline, fault } = this.#pipelines.now(this.op, step);
      this.#compiled.push(pipeline);
      if (fault) faults.push(fault);
    }
    this.fault = new Fault(
      Promise.all(faults.map((f) => f.done)).then(() => this.#explain(faults.find((f) => f.error)?.error)),
      true,
    );
  }

  /** Compiles without blocking. */
  async compileLater(): Promise<void> {
    try {
      const built = await Promise.all(this.#all.map((step) => this.#pipelines.later(step)));
      this.#compiled.push(...built.map(({ pipeline }) => pipeline));
    } catch (error) {
      throw (await this.#explain(error as Error)) ?? error;
    }
    await this.fault.done;
    if (this.fault.error) throw this.fault.error;
  }

  async #explain(error: Error | null | undefined): Promise<UpsampleError | null> {
    if (!error) return null;
    if (error instanceof UpsampleError && error.code !== 'compile') return error;
    const messages = await Promise.all(this.#all.map((step) => this.#pipelines.messages(step).catch(() => '')));
    return new UpsampleError('compile', this.op, messages.filter(Boolean).join('; ') || error.message);
  }

  /** Records the dispatches: all, those that run once, or those of every call. `find` gives the place of an input, an output or a buffer of the plan. */
  encode(pass: GPUComputePassEncoder, find: (name: string) => Place, which: 'all' | 'once' | 'steps' = 'all'): void {
    const first = this.plan.once?.length ?? 0;
    let params = 0;
    this.#all.forEach((step, i) => {
      if (which === 'all' || i < first === (which === 'once')) {
        pass.setPipeline(this.#compiled[i]!);
        pass.setBindGroup(0, this.#group(i, step, params, find));
        pass.dispatchWorkgroups(...step.grid);
      }
      params += padded(declared(step.kernel).params.size);
    });
  }

  #group(i: number, step: Step, params: number, find: (name: string) => Place): GPUBindGroup {
    const { bindings, params: struct } = declared(step.kernel);
    const places = bindings.map(({ name, type }): Place => {
      if (type === 'uniform') return { buffer: this.#params!, offset: params, size: struct.size };
      const target = step.bind[name];
      if (target === undefined) throw new Error(`${step.kernel.name}: nothing is bound to ${name}`);
      const window: Window | undefined = typeof target === 'string' ? undefined : target;
      const of = window?.of ?? (target as string);
      const place = this.#tables.get(of) ?? find(of);
      return window ? { buffer: place.buffer, offset: place.offset + window.offset, size: window.size } : place;
    });
    const kept = (this.#groups[i] ??= []);
    const known = kept.find((g) => g.places.every((p, n) => p.buffer === places[n]!.buffer && p.offset === places[n]!.offset && p.size === places[n]!.size));
    if (known) return known.group;
    const entries = bindings.map(({ binding }, n) => ({ binding, resource: places[n]! }));
    const group = this.#device.createBindGroup({ layout: this.#pipelines.layout(step.kernel), entries });
    kept.unshift({ places, group });
    if (kept.length > MOST_GROUPS) kept.pop();
    return group;
  }

  destroy(): void {
    for (const { buffer } of this.#tables.values()) buffer.destroy();
    this.#params?.destroy();
  }
}
