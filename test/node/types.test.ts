// What TypeScript sees outside: the declarations as they are published, in a strict project of their own.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let project: string;

const tsc = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args, '--pretty', 'false'], { cwd: project, encoding: 'utf8' });

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'webgpu-upsample-types-'));
  const installed = join(project, 'node_modules/webgpu-upsample');
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(root, 'node_modules/@webgpu'), join(project, 'node_modules/@webgpu'));
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  const { stdout } = tsc('-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'));
  expect(stdout).toBe('');
  const source = readFileSync(join(import.meta.dirname, 'consumer.ts'), 'utf8');
  const entry = (_: string, path: string) => `'${join('webgpu-upsample', path.replace(/\/?(index)?\.ts$/, ''))}'`;
  writeFileSync(join(project, 'consumer.ts'), source.replace(/'\.\.\/\.\.\/src\/([^']+)'/g, entry));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test.each([
  ['bundler', 'esnext', ['@webgpu/types'], true],
  ['nodenext', 'nodenext', ['@webgpu/types'], true],
  ['nodenext', 'nodenext', [], false], // the DOM's own types of WebGPU, which @webgpu/types contradicts unless libraries are skipped
])('%s, %s, types %j, skipLibCheck %s: what must compile compiles, and what must not does not', (moduleResolution, module, types, skipLibCheck) => {
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'], types, noEmit: true },
    ...{ module, moduleResolution, skipLibCheck, strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  const { stdout, status } = tsc('-p', 'tsconfig.json');
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});
