// Sizes of what a page loads: bundled from dist, minified, gzip -9. The goal is what we want; the limit is what we have, so that nothing grows unseen.
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const core = "from './dist/index.js'";
const interpolation = `export { createContext, interpolate } ${core}`;
const kernels = `export { createContext, conv2dBackward, convTranspose2d, maxUnpool2d, maxUnpool2dBackward, resize, resizeBackward } ${core}`;
const beside = (/** @type {string} */ path, /** @type {string} */ base) => `export * from './dist/${path}'; ${base}`;
/** @type {[name: string, code: string, goal: number, limit: number, base?: string][]} */
const BUDGETS = [
  ['interpolate, every mode', interpolation, 8, 22.9],
  ['bilinear2d', `export { createContext, bilinear2d } ${core}`, 8, 23],
  ['bedOfNails2d', `export { createContext, bedOfNails2d } ${core}`, 8, 17.6],
  ['convTranspose2d and its gradients', `export { createContext, convTranspose2d, convTranspose2dBackward } ${core}`, 8, 32.8],
  ['everything in webgpu-upsample', `export * ${core}`, 20, 79.8],
  ['everything with training', `export * from './dist/nn/index.js'; export * ${core}`, 35, 123.2],
  ['webgpu-upsample/image, beside the core', beside('image/index.js', interpolation), 3, 3, interpolation],
  ['webgpu-upsample/io, beside the core', beside('io/index.js', interpolation), 3, 3, interpolation],
  ['webgpu-upsample/tfjs, beside the operations that it runs', beside('interop/tfjs/index.js', kernels), 3, 3, kernels],
  ['webgpu-upsample/ort, beside the core', beside('interop/ort.js', interpolation), 3, 3, interpolation],
  ['webgpu-upsample/reference', "export * from './dist/reference.js'", 8, 34.5],
];

/** @param {string} code */
async function gzipped(code) {
  const entry = resolve('size-entry.js');
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [{ name: 'entry', resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? code : undefined) }],
    build: { write: false, minify: true, target: 'es2023', rollupOptions: { input: entry, preserveEntrySignatures: 'strict' } },
  });
  const { output } = /** @type {{ output: { type: string, code: string }[] }} */ (Array.isArray(result) ? result[0] : result);
  return gzipSync(output.map((o) => o.code ?? '').join('\n'), { level: 9 }).length / 1000;
}

let over = 0;
for (const [name, code, goal, limit, base] of BUDGETS) {
  const size = (await gzipped(code)) - (base ? await gzipped(base) : 0);
  if (size > limit) over++;
  const verdict = size > limit ? 'GREW ' : size > goal ? 'above' : 'ok   ';
  console.log(`${verdict} ${size.toFixed(2).padStart(6)} kB, goal ${String(goal).padStart(2)}, limit ${limit}: ${name}`);
}
process.exitCode = over ? 1 : 0;
