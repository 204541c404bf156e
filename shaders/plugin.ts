import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from 'vite';
// The bare name resolves to CommonJS, which fails in Node (1.6.0): import the module file.
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { type Declared, declared } from '../src/shader.ts';

const IMPORT = /^import package::lib::(\w+)::\{([\w\s,]+)\};$/gm;
const GLOBAL = /^(?:@\w+(?:\([^)]*\))? *)*(?:fn|struct|const|alias|override|var(?:<[^>]*>)?) +(\w+)/gm;

/** Links a shader with the library files it imports: a one-line subset of WESL. The root keeps its line numbers
 * (an import becomes a comment) and every library file is appended once. Refuses names defined twice, names that a
 * library file does not define, and imports it cannot read. */
export function link(name: string, text: string, read: (lib: string) => string) {
  const parts = new Map<string, string>();
  const owner = new Map<string, string>();
  const add = (file: string, text: string): void => {
    parts.set(file, '');
    for (const [, global] of text.matchAll(GLOBAL)) {
      if (owner.has(global!)) throw new Error(`${file}: ${global} is already defined in ${owner.get(global!)}`);
      owner.set(global!, file);
    }
    const body = text.replace(IMPORT, (line, lib: string, names: string) => {
      const from = `lib/${lib}.wgsl`;
      if (!parts.has(from)) add(from, read(lib));
      for (const n of names.split(',').map((s) => s.trim())) if (n && owner.get(n) !== from) throw new Error(`${file}: ${from} does not define ${n}`);
      return `// ${line}`;
    });
    const left = /^\s*import\b.*/m.exec(body); // the reflection would pass over it in silence
    if (left) throw new Error(`${file}: cannot read "${left[0]}"; write import package::lib::name::{a, b};`);
    parts.set(file, body);
  };
  add(`${name}.wgsl`, text);
  let line = 1;
  const map = [...parts].map(([file, body]) => {
    const at = line;
    line += body.split('\n').length;
    return [at, file] as const;
  });
  return { code: [...parts.values()].join('\n'), parts, map };
}

/** "lib/grid.wgsl:6" for a line of a linked text. */
export const whereIs = (map: readonly (readonly [number, string])[], line: number): string => {
  const [at, file] = map.findLast(([at]) => at <= line)!;
  return `${file}:${line - at + 1}`;
};

/** Cuts comments and blanks. WGSL has no string literals, and block comments nest. Blanks around / * - stay: "a / *p" must not become a comment. */
export function minify(code: string) {
  let out = '';
  let depth = 0;
  for (let i = 0; i < code.length; i++) {
    const two = code.slice(i, i + 2);
    if (two === '/*') {
      depth++;
      i++;
    } else if (depth && two === '*/') {
      depth--;
      i++;
      out += ' ';
    } else if (!depth && two === '//') {
      while (i + 1 < code.length && code[i + 1] !== '\n') i++;
    } else if (!depth) out += code[i];
  }
  return out
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?([{}()[\],;:=<>+%|!]) ?/g, '$1')
    .replace(/\n\s*/g, '\n')
    .trim();
}

const sorted = ({ bindings, params, overrides }: Declared) => ({
  bindings: bindings.toSorted((a, b) => a.binding - b.binding),
  params,
  overrides: overrides.toSorted(),
});

const FIELDS = new Set(['f32', 'i32', 'u32', 'vec2f', 'vec3f', 'vec4f', 'vec2i', 'vec3i', 'vec4i', 'vec2u', 'vec3u', 'vec4u']);

/** What the host must know of a kernel, by a full reflection of its WGSL. Refuses what the library could not run, or would read otherwise. */
export function reflect(name: string, code: string): Declared {
  const r = new WgslReflect(code);
  const { compute, vertex, fragment } = r.entry; // a render shader's bindings belong to its fragments
  const [entry, ...rest] = [...compute, ...fragment];
  if (!entry || rest.length || entry.name !== 'main' || vertex.length !== fragment.length)
    throw new Error(`${name}: exactly one @compute entry called main, or one @fragment entry called main and one @vertex entry`);
  const groups = r.getBindGroups();
  if (groups.length !== 1) throw new Error(`${name}: use @group(0) only`);
  const used = new Set(entry.resources.map((v) => v.name));
  const bindings = groups[0]!.filter(Boolean).map((v) => {
    if (!used.has(v.name)) throw new Error(`${name}: binding ${v.name} is not used`);
    const type = v.resourceType === 0 ? 'uniform' : v.access === 'read_write' ? 'storage' : 'read-only-storage';
    return { name: v.name, binding: v.binding, type } as const;
  });
  const params = r.structs.find((s) => s.name === 'Params');
  if (!params) throw new Error(`${name}: declare struct Params`);
  const fields = params.members.map((m) => {
    if (!FIELDS.has(m.type.name)) throw new Error(`${name}: Params.${m.name} is ${m.type.name}; use one of ${[...FIELDS].join(' ')}`);
    return { name: m.name, type: m.type.name, offset: m.offset };
  });
  const full = { bindings, params: { size: params.size, fields }, overrides: r.overrides.map((o) => o.name) };
  const short = declared({ name, code });
  if (!isDeepStrictEqual(sorted(short), sorted(full)))
    throw new Error(`${name}: src/shader.ts reads ${JSON.stringify(short)} of its declarations, which are ${JSON.stringify(full)}`);
  return full;
}

/** Vite plugin: a .wgsl import is the linked and checked kernel, plain data; library files are modules of their own, so that a bundle holds each once.
 * `min` cuts comments; `emit` writes the linked text beside the library. */
export default function wgsl({ min = false, emit = false } = {}): Plugin {
  const dir = import.meta.dirname;
  const module = (code: string) => ({ code, map: { mappings: '' as const } });
  return {
    name: 'wgsl',
    enforce: 'pre',
    load: {
      filter: { id: /\.wgsl$/ },
      handler(id) {
        const name = relative(dir, id)
          .replaceAll('\\', '/')
          .replace(/\.wgsl$/, '');
        const { code, parts } = link(name, readFileSync(id, 'utf8'), (lib) => {
          const file = join(dir, 'lib', `${lib}.wgsl`);
          this.addWatchFile(file); // an edited library file reloads the page and reruns the tests
          return readFileSync(file, 'utf8');
        });
        const texts = [...parts].map(([file, text]) => [file, JSON.stringify(min ? minify(text) : text)] as const);
        const [[, root], ...libs] = texts as [(typeof texts)[0], ...typeof texts];
        if (name.startsWith('lib/')) return module(`export default ${root};`);
        if (emit) this.emitFile({ type: 'asset', fileName: `shaders/${name}.wgsl`, source: code });
        const imports = libs.map(([file], i) => `import lib${i} from ${JSON.stringify(join(dir, file))};\n`).join('');
        const joined = [root, ...libs.map((_, i) => `lib${i}`)].join(', ');
        reflect(name, min ? minify(code) : code);
        return module(`${imports}export default { name: ${JSON.stringify(name)}, code: [${joined}].join('\\n') };`);
      },
    },
  };
}
