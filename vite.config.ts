import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import bundle from './demo/use/bundle.ts';
import wgsl from './shaders/plugin.ts';
import { launchOptions } from './test/machine.mjs';

/** The library: one file a module, every linked shader beside them. */
const library = {
  target: 'es2023',
  minify: false,
  lib: {
    entry: {
      index: 'src/index.ts',
      'nn/index': 'src/nn/index.ts',
      'image/index': 'src/image/index.ts',
      'io/index': 'src/io/index.ts',
      'interop/tfjs/index': 'src/interop/tfjs/index.ts',
      'interop/ort': 'src/interop/ort.ts',
      reference: 'src/reference.ts',
    },
    formats: ['es' as const],
  },
  rolldownOptions: { output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' } },
};
/** One minified file for a <script type="module"> from a CDN. */
const cdn = {
  target: 'es2023',
  emptyOutDir: false,
  lib: { entry: 'src/index.ts', formats: ['es' as const], fileName: () => 'webgpu-upsample.min.js' },
  rolldownOptions: { output: { minify: true } },
};
const demo = {
  target: 'es2023',
  outDir: resolve('dist-demo'),
  rolldownOptions: { input: ['demo/index.html', 'demo/bench/index.html'].filter(existsSync).map((page) => resolve(page)) },
};
/** The bench for Node as one file, which finds `webgpu` beside it. ONNX Runtime has no WebGPU in Node. */
const pack = {
  target: 'node20',
  ssr: 'test/bench/packed.mjs',
  minify: false,
  emptyOutDir: false,
  rolldownOptions: { external: ['webgpu', /\/ort\/index\.ts$/], output: { entryFileNames: 'bench.mjs', codeSplitting: false } },
};
const builds: Record<string, object> = { demo, cdn, pack };

// One process or page per project, files one after another: one GPUDevice for all, and two cores stay usable.
// What a page shows in time is asked for until it does: on a busy machine a second is not enough.
const shared = { isolate: false, fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

export default defineConfig(({ mode, command }) => ({
  plugins: [wgsl({ min: mode !== 'test' && command === 'build', emit: mode === 'production' }), bundle()],
  base: './',
  publicDir: false,
  ...(mode === 'pack' && { ssr: { noExternal: true as const } }),
  ...(mode === 'demo' && { root: 'demo' }),
  optimizeDeps: { exclude: ['onnxruntime-web'] }, // its bundle finds its wasm by import.meta.url
  build: { ...(builds[mode] ?? library) },
  worker: {
    format: 'es' as const,
    plugins: () => [wgsl({ min: command === 'build' })],
    rolldownOptions: { output: { comments: { legal: false } } }, // as outside workers
  },
  test: {
    reporters: ['default', './test/summary.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{browser,page}/**'],
          setupFiles: ['test/setup.node.ts', 'test/setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'browser',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{node,page}/**'],
          setupFiles: ['test/setup.ts'],
          browser: { enabled: true, headless: true, screenshotFailures: false, provider: playwright({ launchOptions }), instances: [{ browser: 'chromium' }] },
        },
      },
      { test: { ...shared, name: 'page', include: ['test/page/**/*.test.ts'] } },
    ],
  },
}));
