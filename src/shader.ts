/** A shader as the build leaves it: its linked text, which says all that the host must know. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
}

/** What a kernel asks of the host. */
export interface Declared {
  readonly bindings: readonly { readonly name: string; readonly binding: number; readonly type: GPUBufferBindingType }[];
  readonly params: { readonly size: number; readonly fields: readonly { readonly name: string; readonly type: string; readonly offset: number }[] };
  readonly overrides: readonly string[];
}

const read = new WeakMap<Kernel, Declared>();

/** What a kernel declares: its bindings, the fields of its `struct Params` with their offsets in bytes, and its overrides.
 * The build refuses a kernel of which this would say anything else than a full reflection does. */
export function declared(kernel: Kernel): Declared {
  const known = read.get(kernel);
  if (known) return known;
  const { code } = kernel;
  const variables = [...code.matchAll(/^@group\(0\) ?@binding\((\d+)\) ?var<(\w+),? ?(\w*)> ?(\w+)/gm)];
  const bindings = variables.map(([, at, space, access, name]) => {
    const type = access ? (access === 'read' ? 'read-only-storage' : 'storage') : (space as 'uniform');
    return { name: name!, binding: Number(at), type } as const;
  });
  const [, struct = ''] = /^struct Params ?\{([^}]*)/m.exec(code) ?? [];
  let end = 0;
  let widest = 1;
  const fields = [...struct.replace(/\/\/.*/g, '').matchAll(/(\w+) ?: ?(\w+)/g)].map(([, name, type]) => {
    const words = Number(/^vec(.)/.exec(type!)?.[1] ?? 1);
    const align = words === 3 ? 4 : words;
    const at = Math.ceil(end / align) * align;
    end = at + words;
    widest = Math.max(widest, align);
    return { name: name!, type: type!, offset: 4 * at };
  });
  const overrides = [...code.matchAll(/^override (\w+)/gm)].map(([, name]) => name!);
  const found: Declared = { bindings, params: { size: 4 * Math.ceil(end / widest) * widest, fields }, overrides };
  read.set(kernel, found);
  return found;
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
export function paramsBytes(kernel: Kernel, values: Readonly<Record<string, number | readonly number[]>>): ArrayBuffer {
  const { name } = kernel;
  const { params } = declared(kernel);
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
