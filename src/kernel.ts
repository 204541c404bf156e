import { guarded } from './fault.ts';

/** A shader as the build leaves it: linked text, and what reflection read from it. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
  readonly bindings: readonly { readonly name: string; readonly binding: number; readonly type: GPUBufferBindingType }[];
  readonly params: { readonly size: number; readonly fields: readonly { readonly name: string; readonly type: string; readonly offset: number }[] };
  readonly overrides: readonly string[];
}

/** What one pipeline is made of. `types` rewrites the shader's `alias` and `const` lines by name: what an override cannot do. */
export interface Variant {
  readonly kernel: Kernel;
  readonly types: Readonly<Record<string, string>>;
  /** Exactly the shader's overrides, by name. */
  readonly constants: Readonly<Record<string, number>>;
}

/** The shader's text with its `alias NAME = …;` and `const NAME = …;` lines rewritten, line numbers kept. */
export function declare({ name, code }: Kernel, types: Readonly<Record<string, string>>): string {
  let text = code;
  for (const [word, value] of Object.entries(types)) {
    const line = new RegExp(`^(alias|const) ${word} ?= ?[^;]*;`, 'm');
    if (!line.test(text)) throw new Error(`${name} has no line "alias ${word} = …;" or "const ${word} = …;"`);
    text = text.replace(line, `$1 ${word} = ${value};`);
  }
  // Who calls must have their invocations together: the analysis cannot see that a branch on an index of a workgroup is taken by all of a subgroup.
  const directives = [
    Object.values(types).some((value) => value.includes('f16')) && 'enable f16; ',
    text.includes('subgroup') && 'enable subgroups; diagnostic(off, subgroup_uniformity); ',
  ];
  return directives.filter(Boolean).join('') + text;
}

/** Writes the fields of a shader's `struct Params` by name. Every field must be given, and nothing else. */
export function paramsBytes({ name, params }: Kernel, values: Readonly<Record<string, number | readonly number[]>>): ArrayBuffer {
  const bytes = new ArrayBuffer(params.size);
  const view = new DataView(bytes);
  for (const field of params.fields) {
    const value = values[field.name];
    if (value === undefined) throw new Error(`${name}: Params.${field.name} is missing`);
    const list = typeof value === 'number' ? [value] : value;
    const float = field.type.endsWith('f') || field.type === 'f32';
    list.forEach((v, i) => {
      if (float) view.setFloat32(field.offset + 4 * i, v, true);
      else view.setUint32(field.offset + 4 * i, v, true);
    });
  }
  for (const word of Object.keys(values)) if (!params.fields.some((f) => f.name === word)) throw new Error(`${name}: Params has no ${word}`);
  return bytes;
}

interface Description {
  readonly module: GPUShaderModule;
  readonly layout: GPUBindGroupLayout;
  readonly descriptor: GPUComputePipelineDescriptor;
}

/** Pipelines of one device, cached by content: a new image size compiles nothing. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #cache = new Map<string, GPUComputePipeline>();
  static readonly #MOST = 256;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#cache.size;
  }

  /** The layout that a kernel's reflected bindings ask for. */
  layout({ bindings }: Kernel): GPUBindGroupLayout {
    const key = bindings.map((b) => `${b.binding}${b.type}`).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      const entries = bindings.map(({ binding, type }) => ({ binding, visibility: 4 /* GPUShaderStage.COMPUTE */, buffer: { type } }));
      layout = this.#device.createBindGroupLayout({ entries });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  #describe({ kernel, types, constants }: Variant): Description {
    const given = Object.keys(constants);
    const odd = [...kernel.overrides.filter((n) => !given.includes(n)), ...given.filter((n) => !kernel.overrides.includes(n))];
    if (odd.length) throw new Error(`${kernel.name}: overrides are ${kernel.overrides.join(', ')}; odd: ${odd.join(', ')}`);
    const module = this.#device.createShaderModule({ label: kernel.name, code: declare(kernel, types) });
    const layout = this.layout(kernel);
    const descriptor = {
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants: constants as Record<string, number> },
    };
    return { module, layout, descriptor };
  }

  #key = ({ kernel, types, constants }: Variant) => `${kernel.code}\n${JSON.stringify([types, constants])}`;

  #keep(key: string, pipeline: GPUComputePipeline): GPUComputePipeline {
    this.#cache.set(key, pipeline);
    if (this.#cache.size > Pipelines.#MOST) this.#cache.delete(this.#cache.keys().next().value!);
    return pipeline;
  }

  /** Compiles at once; the caller holds the error scope and calls `forget` when it reports a fault. */
  now(variant: Variant): GPUComputePipeline {
    const key = this.#key(variant);
    return this.#cache.get(key) ?? this.#keep(key, this.#device.createComputePipeline(this.#describe(variant).descriptor));
  }

  /** Compiles without blocking. */
  async later(variant: Variant): Promise<GPUComputePipeline> {
    const key = this.#key(variant);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    // A module that does not compile is reported here, and again by the pipeline, which rejects.
    const { value } = guarded(this.#device, variant.kernel.name, () => this.#device.createComputePipelineAsync(this.#describe(variant).descriptor), 'compile');
    return this.#keep(key, await value);
  }

  forget(variant: Variant): void {
    this.#cache.delete(this.#key(variant));
  }

  /** The compiler's messages about a variant: `name:line: text`. */
  async messages({ kernel, types }: Variant): Promise<string> {
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code: declare(kernel, types) });
    const [info] = await Promise.all([module.getCompilationInfo(), this.#device.popErrorScope()]);
    return info.messages.map((m) => `${kernel.name}:${m.lineNum}: ${m.message}`).join('; ');
  }
}
