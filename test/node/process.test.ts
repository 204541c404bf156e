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

/** Runs a module in a process of its own and tells how it ended. */
function run(body: string) {
  const code = `import { create, globals } from 'webgpu';
    Object.assign(globalThis, globals);
    const { createContext, interpolate } = await import(${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)});
    ${body}`;
  const started = Date.now();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr, took: Date.now() - started };
}

test('contexts keep alive what Dawn depends on: 5 processes of 10 contexts with forced collections, no crash, and each ends by itself', () => {
  for (let i = 0; i < 5; i++) {
    const { status, signal, stdout, stderr } = run(`
      for (let i = 0; i < 10; i++) {
        const ctx = await createContext({ gpu: create([]) });
        for (let k = 0; k < 4; k++) {
          const y = interpolate(ctx.tensor([i, i + 1], [1, 1, 2]), { size: 4 });
          gc();
          await new Promise((done) => setTimeout(done, 5));
          gc();
          const [a, , , b] = await y.data();
          if (a !== i || b !== i + 1) throw new Error('wrong: ' + [a, b]);
        }
        ctx.destroy();
      }
      globalThis.ended = Date.now();
      process.on('exit', () => console.log(Date.now() - globalThis.ended));`);
    expect({ status, signal, stderr: stderr.replace(/^Warning: max.*\n/gm, '') }).toEqual({ status: 0, signal: null, stderr: '' });
    expect(Number(stdout), 'ms from ctx.destroy() to the end of the process').toBeLessThan(2000);
  }
}, 120_000);

test('memory of a process stays flat: from call 2,000 to 10,000 it grows by at most 32 MiB', () => {
  const { stdout, stderr } = run(`
    const ctx = await createContext({ gpu: create([]) });
    const x = ctx.tensor(new Float32Array(1 << 14), [1, 4, 64, 64]);
    let before;
    for (let i = 1; i <= 10_000; i++) {
      interpolate(x, { mode: 'bilinear', scaleFactor: 1 + (i % 5) / 4 }).dispose();
      if (i % 50 === 0) await x.data();
      if (i === 2000) { gc(); before = process.memoryUsage().rss; }
    }
    gc();
    console.log((process.memoryUsage().rss - before) / 2 ** 20);
    ctx.destroy();`);
  expect(stderr.replace(/^Warning: max.*\n/gm, '')).toBe('');
  expect(Number(stdout)).toBeLessThan(32);
}, 120_000);

test('importing works where there is no WebGPU, and says so when called', () => {
  const code = `const { createContext } = await import(${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)});
    const { interpolate } = await import(${JSON.stringify(pathToFileURL(join(dist, 'reference.js')).href)});
    console.log([...interpolate({ data: [1, 2], shape: [1, 1, 2] }, { size: 4 }).data].join());
    await createContext().catch((e) => console.log(e.code, e.reason));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', cwd: root });
  expect(stdout).toBe('1,1,2,2\nno-adapter no-navigator-gpu\n');
});
