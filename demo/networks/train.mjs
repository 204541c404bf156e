// Trains the networks whose weights the page ships, on drawn digits, and writes demo/networks/weights/: `npm run weights`, some five minutes on two cores, or
// `npm run weights -- autoencoder` for one of them. The seeds decide the result; on another adapter sums round differently, and the weights drift apart.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'vite';

const root = join(import.meta.dirname, '../..');
process.env['GALLIVM_PERF'] ??= ''; // Mesa's software driver optimises its code

const server = await createServer({
  root,
  mode: 'test',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
await server.ssrLoadModule('/test/setup.node.ts');
/** @type {typeof import('../../src/index.ts')} */
const { createContext } = /** @type {any} */ (await server.ssrLoadModule('/src/index.ts'));
/** @type {typeof import('../../src/nn/index.ts')} */
const { normal, Random } = /** @type {any} */ (await server.ssrLoadModule('/src/nn/index.ts'));
/** @type {typeof import('../../src/io/index.ts')} */
const { saveSafetensors } = /** @type {any} */ (await server.ssrLoadModule('/src/io/index.ts'));
/** @type {typeof import('./data.ts')} */
const { digits } = /** @type {any} */ (await server.ssrLoadModule('/demo/networks/data.ts'));
/** @type {typeof import('./autoencoder.ts')} */
const { autoencoder } = /** @type {any} */ (await server.ssrLoadModule('/demo/networks/autoencoder.ts'));
/** @type {typeof import('./dcgan.ts')} */
const { dcgan, LATENT } = /** @type {any} */ (await server.ssrLoadModule('/demo/networks/dcgan.ts'));

const ctx = await createContext();
const started = performance.now();

/** @param {string} name @param {number} step @param {number} steps @param {Record<string, import('../../src/index.ts').Tensor>} losses freed here */
async function progress(name, step, steps, losses) {
  if (step % 50 === 0 || step === steps) {
    const texts = await Promise.all(Object.entries(losses).map(async ([of, loss]) => `${of ? `${of} ` : ''}${(await loss.item()).toFixed(4)}`));
    const line = `${name} ${step}/${steps}, ${Math.round((performance.now() - started) / 1000)} s: loss ${texts.join(', ')}`;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}${step === steps ? '\n' : ''}` : `${line}\n`);
  }
  for (const loss of Object.values(losses)) loss.dispose();
}

/** @param {string} name @param {import('./network.ts').Network['parameters']} parameters */
async function save(name, parameters) {
  const bytes = await saveSafetensors(parameters, { made: 'npm run weights', data: 'digits drawn by demo/networks/data.ts' });
  const folder = join(import.meta.dirname, 'weights');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.safetensors`), bytes);
  console.log(`${name}.safetensors: ${Object.keys(parameters).length} tensors, ${bytes.length} bytes`);
}

/** Batches of drawn digits, cut from one long strip of them.
 * @param {number} size @param {number} count @param {number} batch @param {(v: number) => number} tone */
function batches(size, count, batch, tone) {
  const drawn = digits(new Random(1), count, size).x.map(tone);
  const n = batch * size * size;
  return (/** @type {number} */ step) => {
    const at = (step % Math.floor(count / batch)) * n;
    return ctx.tensor(drawn.subarray(at, at + n), [batch, 1, size, size]);
  };
}

async function trainAutoencoder({ steps = 1200, batch = 16 } = {}) {
  const network = autoencoder(ctx, { seed: 1, lr: 5e-3 });
  const next = batches(28, 2048, batch, (v) => v);
  for (let step = 1; step <= steps; step++) {
    if (step > steps * 0.75) network.optimizer.lr = 1e-3;
    const x = next(step);
    const loss = network.step(x);
    x.dispose();
    await progress('autoencoder', step, steps, { '': loss });
  }
  await save('autoencoder', network.parameters);
}

async function trainDcgan({ steps = 2400, batch = 16 } = {}) {
  const network = dcgan(ctx, { seed: 1, lr: 5e-4 }); // the paper's rate is 2e-4, for batches of 128
  const next = batches(32, 4096, batch, (v) => 2 * v - 1);
  const random = new Random(2);
  for (let step = 1; step <= steps; step++) {
    const x = next(step);
    const z = normal(ctx, [batch, LATENT, 1, 1], { random });
    const losses = network.step(x, z);
    for (const t of [x, z]) t.dispose();
    await progress('dcgan', step, steps, { ...losses });
  }
  await save('dcgan', network.parameters);
}

const { description, vendor } = ctx.device.adapterInfo;
console.log(`on ${description || vendor}`);
const trainings = { autoencoder: trainAutoencoder, dcgan: trainDcgan };
const names = process.argv.slice(2);
for (const [name, train] of Object.entries(trainings)) if (!names.length || names.includes(name)) await train();
await server.close();
process.exit(0);
