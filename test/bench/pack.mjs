// `npm run bench:pack -- [folder]`: writes the bench for Node as <folder>/bench.mjs, default .gpu. It takes `webgpu` from node_modules beside it.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '../..');
const folder = resolve(process.argv[2] ?? join(root, '.gpu'));
process.chdir(root); // the Vite configuration counts from here
/** @param {string[]} words */
const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();

await build({
  root,
  mode: 'pack',
  logLevel: 'warn',
  define: {
    'import.meta.env.COMMIT': JSON.stringify(git('rev-parse', '--short', 'HEAD')),
    'import.meta.env.CLEAN': JSON.stringify(String(!git('status', '--porcelain', '--', 'src', 'shaders', 'demo/bench'))),
  },
  build: { outDir: folder },
});
const file = join(folder, 'bench.mjs');
console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB; there: node bench.mjs --help`);
