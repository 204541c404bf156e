// The library as one module's text, for pages that work by themselves: import text from 'bundle:library', or 'bundle:reference'.
import { join } from 'node:path';
import { build, type Plugin, type Rolldown } from 'vite';
import wgsl from '../../shaders/plugin.ts';

/** What each text exports: entries of the package that share their modules stay one module. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  library: ['index.ts', 'nn/index.ts', 'image/index.ts', 'io/index.ts'],
  reference: ['reference.ts'],
};

async function textOf(name: string): Promise<string> {
  const entry = join(import.meta.dirname, `${name}.js`); // there is no such file
  const source = join(import.meta.dirname, '../../src');
  const code = ENTRIES[name]!.map((file) => `export * from ${JSON.stringify(join(source, file))};`).join('\n');
  const built = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      { name: 'entry', enforce: 'pre', resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? code : undefined) },
      wgsl({ min: true }),
    ],
    build: { write: false, target: 'es2023', lib: { entry, formats: ['es'] }, rolldownOptions: { output: { minify: true } } },
  });
  return ([built].flat() as Rolldown.RolldownOutput[])[0]!.output[0].code;
}

/** Vite plugin. Texts are built when first asked for, and once. */
export default function bundle(): Plugin {
  const texts = new Map<string, Promise<string>>();
  return {
    name: 'bundle',
    resolveId: { filter: { id: /^bundle:/ }, handler: (id) => `\0${id}` },
    load: {
      filter: { id: /^\0bundle:/ },
      async handler(id) {
        const name = id.slice('\0bundle:'.length);
        const text = texts.get(name) ?? textOf(name);
        texts.set(name, text);
        return `export default ${JSON.stringify(await text)};`;
      },
    },
  };
}
