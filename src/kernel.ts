import { type Fault, guarded } from './fault.ts';
import { declare, declared, type Kernel } from './shader.ts';

/** What one pipeline is made of. `types` rewrites the shader's `alias` and `const` lines by name: what an override cannot do. */
export interface Variant {
  readonly kernel: Kernel;
  readonly types: Readonly<Record<string, string>>;
  /** Exactly the shader's overrides, by name. */
  readonly constants: Readonly<Record<string, number>>;
}

/** A pipeline, and what its compilation may still report. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly fault?: Fault;
}

/** Pipelines of one device, cached by content: a new image size compiles nothing. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #cache = new Map<string, Pipeline>();
  static readonly #MOST = 256;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#cache.size;
  }

  /** The layout that a kernel's bindings ask for. */
  layout(kernel: Kernel): GPUBindGroupLayout {
    const { bindings } = declared(kernel);
    const key = bindings.map((b) => `${b.binding}${b.type}`).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      const entries = bindings.map(({ binding, type }) => ({ binding, visibility: 4 /* GPUShaderStage.COMPUTE */, buffer: { type } }));
      layout = this.#device.createBindGroupLayout({ entries });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  #describe({ kernel, types, constants }: Variant): GPUComputePipelineDescriptor {
    const given = Object.keys(constants);
    const { overrides } = declared(kernel);
    const odd = [...overrides.filter((n) => !given.includes(n)), ...given.filter((n) => !overrides.includes(n))];
    if (odd.length) throw new Error(`${kernel.name}: overrides are ${overrides.join(', ')}; odd: ${odd.join(', ')}`);
    const module = this.#device.createShaderModule({ label: kernel.name, code: declare(kernel, types) });
    return {
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout(kernel)] }),
      compute: { module, entryPoint: 'main', constants: constants as Record<string, number> },
    };
  }

  #key = ({ kernel, types, constants }: Variant) => `${kernel.code}\n${JSON.stringify([types, constants])}`;

  #keep(key: string, built: Pipeline): Pipeline {
    this.#cache.set(key, built);
    if (this.#cache.size > Pipelines.#MOST) this.#cache.delete(this.#cache.keys().next().value!);
    return built;
  }

  /** Compiles at once; one that fails is forgotten. */
  now(op: string, variant: Variant): Pipeline {
    const key = this.#key(variant);
    const known = this.#cache.get(key);
    if (known) return known;
    const { value: pipeline, fault } = guarded(this.#device, op, () => this.#device.createComputePipeline(this.#describe(variant)), 'compile', true);
    const built = { pipeline, fault };
    fault.done.then(() => {
      if (fault.error && this.#cache.get(key) === built) this.#cache.delete(key);
    });
    return this.#keep(key, built);
  }

  /** Compiles without blocking. */
  async later(variant: Variant): Promise<Pipeline> {
    const key = this.#key(variant);
    const known = this.#cache.get(key);
    await known?.fault?.done;
    if (known && !known.fault?.error) return known;
    // A module that does not compile is reported here, and again by the pipeline, which rejects.
    const { value } = guarded(this.#device, variant.kernel.name, () => this.#device.createComputePipelineAsync(this.#describe(variant)), 'compile');
    return this.#keep(key, { pipeline: await value });
  }

  /** The compiler's messages about a variant: `name:line: text`. */
  async messages({ kernel, types }: Variant): Promise<string> {
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code: declare(kernel, types) });
    const [info] = await Promise.all([module.getCompilationInfo(), this.#device.popErrorScope()]);
    return info.messages.map((m) => `${kernel.name}:${m.lineNum}: ${m.message}`).join('; ');
  }
}
