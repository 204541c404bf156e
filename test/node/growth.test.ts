import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

let dist: string;
const root = join(import.meta.dirname, '../..');

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'webgpu-upsample-'));
  await build({ root, mode: 'production', logLevel: 'silent', build: { outDir: dist, emptyOutDir: true } });
});
afterAll(() => rmSync(dist, { recursive: true, force: true }));

/** Runs `step` 10,000 times in a process of its own.
 * @returns how many tensors and bytes were live after every step but the first ten, and by how many MiB the process grew from step 2,000 on */
function grown(setup: string, step: string) {
  const url = (file: string) => JSON.stringify(pathToFileURL(join(dist, file)).href);
  const code = `import { create, globals } from 'webgpu';
    Object.assign(globalThis, globals);
    const up = await import(${url('index.js')});
    const nn = await import(${url('nn/index.js')});
    const ctx = await up.createContext({ gpu: create([]) });
    const fill = (shape, value = 0.1) => ctx.tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), shape);
    ${setup}
    const step = (i) => { ${step} };
    const live = new Set();
    let before;
    for (let i = 1; i <= 10_000; i++) {
      step(i);
      const { tensors, bytes } = ctx.memory();
      if (i > 10) live.add(tensors + ' tensors, ' + bytes + ' bytes'); // the first calls prepare weights, which stay so
      await ctx.device.queue.onSubmittedWorkDone(); // a queue that runs ahead holds memory of its own, more or less by the machine's load
      if (i === 2000) { gc(); before = process.memoryUsage().rss; }
    }
    gc();
    console.log(JSON.stringify({ live: [...live], mebibytes: (process.memoryUsage().rss - before) / 2 ** 20 }));
    ctx.destroy();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', code], { cwd: root, encoding: 'utf8', timeout: 110_000 });
  expect(stderr.replace(/^Warning: max.*\n/gm, '')).toBe('');
  return JSON.parse(stdout) as { live: string[]; mebibytes: number };
}

test('10,000 steps of a training leave nothing behind', () => {
  const { live, mebibytes } = grown(
    `const [x, target] = [fill([1, 1, 4, 4]), fill([1, 1, 8, 8], 0.5)];
    const [w, v] = [fill([2, 1, 3, 3]), fill([2, 1, 2, 2])].map(nn.parameter);
    const adam = nn.adam([w, v]);`,
    `const y = up.convTranspose2d(up.conv2d(x, w, { padding: 1, activation: 'relu' }), v, { stride: 2 });
    const loss = nn.mse(y, target);
    loss.backward();
    adam.step();
    adam.zeroGrad();
    loss.dispose();`,
  );
  expect(live).toHaveLength(1);
  expect(mebibytes).toBeLessThan(32);
}, 120_000);

test('10,000 operations with their gradients leave nothing behind', () => {
  const { live, mebibytes } = grown(
    `const x = fill([1, 4, 8, 8]);
    const [w, v] = [fill([4, 4, 3, 3]), fill([4, 4, 2, 2])];
    const pool = { kernelSize: 2 };
    const pairs = [
      () => { const o = { mode: 'bicubic', scaleFactor: 2 }; const y = up.interpolate(x, o); return [y, up.interpolateBackward(y, x.shape, o)]; },
      () => { const y = up.conv2d(x, w); return [y, ...Object.values(up.conv2dBackward(y, x, w))]; },
      () => { const y = up.convTranspose2d(x, v, { stride: 2 }); return [y, ...Object.values(up.convTranspose2dBackward(y, x, v, { stride: 2 }))]; },
      () => { const { output, indices } = up.maxPool2d(x, { ...pool, returnIndices: true }); return [output, indices, up.maxPool2dBackward(output, indices, x.shape, pool), up.maxUnpool2d(output, indices, pool)]; },
      () => { const o = { upscaleFactor: 2 }; const y = up.pixelShuffle(x, o); return [y, up.pixelShuffleBackward(y, o)]; },
    ];`,
    `for (const made of pairs[i % pairs.length]()) made.dispose();`,
  );
  expect(live).toHaveLength(1);
  expect(mebibytes).toBeLessThan(32);
}, 120_000);
