import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';
import { type Browser, chromium } from 'playwright';
import { build, createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchOptions, SWIFTSHADER } from '../machine.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/```js\n\/\/ ([^\n]*)\n([\s\S]*?)```/g)].map(([, title, code]) => ({ title: title!, code: code! }));

/** A model of one node, `mask = Sigmoid(image)`. */
function encoder(): Buffer {
  const value = (name: string) => {
    const dim = [1, 3, 64, 64].map((n) => ({ value: { case: 'dimValue' as const, value: BigInt(n) } }));
    return { name, type: { value: { case: 'tensorType' as const, value: { elemType: TensorProto_DataType.FLOAT, shape: { dim } } } } };
  };
  const node = [{ opType: 'Sigmoid', input: ['image'], output: ['mask'] }];
  const graph = { name: 'encoder', node, input: [value('image')], output: [value('mask')] };
  return Buffer.from(toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 9n, opsetImport: [{ domain: '', version: 14n }], graph })));
}

let server: ViteDevServer;
let browser: Browser;
beforeAll(async () => {
  server = await (await createServer({ mode: 'test', logLevel: 'error', server: { port: 0, hmr: false, watch: null } })).listen();
  browser = await chromium.launch(launchOptions);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('there are nine snippets', () => {
  expect(snippets.map((s) => s.title)).toEqual([
    'Upscale an image on a canvas',
    'In your own frame loop: nothing allocated, nothing compiled',
    'A transposed-convolution layer, and its gradients',
    'Train',
    'A gradient, and the float64 reference beside it',
    "On somebody else's device: no copies",
    'In a tfjs app: exact gradients, faster ones, and what tfjs lacks',
    'Beside ONNX Runtime: its result is our input, on one device',
    'In Node, with weights from a file',
  ]);
});

test.each(snippets.filter(({ title }) => !title.startsWith('In Node')))('runs as written: $title', async ({ code }) => {
  const url = server.resolvedUrls!.local[0]!;
  const page = await browser.newPage();
  const log: string[] = [];
  page.on('console', (m) => log.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => log.push(`error: ${e.message}`));
  await page.route(`${url}readme`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><canvas></canvas>' }));
  await page.route('**/small.png', (route) => route.fulfill({ path: 'demo/hero.png', contentType: 'image/png' }));
  await page.route('**/ort/*', (route) => route.fulfill({ path: `node_modules/onnxruntime-web/dist/${basename(route.request().url())}` }));
  await page.route('**/encoder.onnx', (route) => route.fulfill({ body: encoder() }));
  await page.goto(`${url}readme`);
  const own = code
    .replace("'webgpu-upsample/image'", "'/src/image/index.ts'")
    .replace("'webgpu-upsample/nn'", "'/src/nn/index.ts'")
    .replace("'webgpu-upsample/reference'", "'/src/reference.ts'")
    .replace("'webgpu-upsample/tfjs'", "'/src/interop/tfjs/index.ts'")
    .replace("'webgpu-upsample/ort'", "'/src/interop/ort.ts'")
    .replace("'@tensorflow/tfjs'", "'/@id/@tensorflow/tfjs-core';\nimport '/@id/@tensorflow/tfjs-core/dist/register_all_gradients.js'")
    .replace("'@tensorflow/tfjs-backend-webgpu'", "'/@id/@tensorflow/tfjs-backend-webgpu'")
    .replace("'onnxruntime-web/webgpu'", "'/ort/ort.webgpu.bundle.min.mjs'")
    .replace("'webgpu-upsample'", "'/src/index.ts'");
  await page.addScriptTag({ type: 'module', content: `${own}\nawait ctx.device.queue.onSubmittedWorkDone();\nglobalThis.done = true;` });
  await page.waitForFunction(() => 'done' in globalThis);
  expect(log.filter((line) => !line.startsWith('log:'))).toEqual([]);
  if (code.includes('toCanvas')) expect(await page.evaluate(() => document.querySelector('canvas')!.width % 4)).toBe(0);
  if (code.includes('/tfjs')) expect(log).toEqual(['log: [1, 32, 32, 3] [1, 64, 64, 3] [1, 64, 64, 3]']);
  if (code.includes('/ort')) expect(log).toEqual(['log: [1, 3, 1080, 1920]']);
  if (code.includes('reference')) {
    const [a, b] = log[0]!.replace('log: ', '').split(' ').map(Number);
    expect(Math.abs(a! - b!)).toBeLessThan(1e-5);
  }
  await page.close();
});

describe('the package, as npm would install it', () => {
  const root = join(import.meta.dirname, '../..');
  const run = promisify(execFile);
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'package-'));
    const own = join(folder, 'node_modules/webgpu-upsample');
    await mkdir(own, { recursive: true });
    await cp(join(root, 'package.json'), join(own, 'package.json'));
    for (const name of ['webgpu', '@webgpu']) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await build({ root, mode: 'production', logLevel: 'silent', build: { outDir: join(own, 'dist'), emptyOutDir: true } });
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(own, 'dist')], { cwd: root });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  test('the snippet for Node runs as written', async () => {
    const { code } = snippets.at(-1)!;
    await writeFile(join(folder, 'snippet.js'), code);
    const env = { ...process.env, ...(existsSync(SWIFTSHADER) && { VK_DRIVER_FILES: SWIFTSHADER }) };
    const { stdout } = await run(process.execPath, ['snippet.js'], { cwd: folder, env });
    const [, shape, first] = /^\[ (.*) \] ([\d.]+)\n$/.exec(stdout)!;
    expect(shape).toBe('1, 3, 32, 32');
    expect(Number(first)).toBeCloseTo(0.8, 6); // 8 channels of 1 x 0.1: one tap reaches the corner
  });

  test.each(['bundler', 'nodenext'])('its declarations are sound to strict TypeScript that resolves modules as %s', async (moduleResolution) => {
    const entries = ['', '/nn', '/image', '/io', '/tfjs', '/ort', '/reference'];
    const use = [
      ...entries.map((entry, i) => `import * as e${i} from 'webgpu-upsample${entry}';`),
      `export const all = [${entries.map((_, i) => `e${i}`)}];`,
      "import { createContext, interpolate, type InterpolateOptions, type Tensor } from 'webgpu-upsample';",
      "const options: InterpolateOptions = { mode: 'bicubic', size: [7, 7] };",
      'export const up = async (): Promise<Tensor> => interpolate((await createContext()).tensor([1], [1, 1, 1, 1]), options);',
    ];
    await writeFile(join(folder, 'use.ts'), use.join('\n'));
    const compilerOptions = {
      strict: true,
      target: 'es2023',
      lib: ['es2023', 'dom', 'dom.iterable', 'esnext.disposable'],
      module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
      moduleResolution,
      types: [],
      noEmit: true,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const said = await run('npx', ['tsc', '-p', folder], { cwd: root }).then(
      () => '',
      ({ stdout }) => stdout,
    );
    expect(said).toBe('');
  });
});
