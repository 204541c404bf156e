// The bench from the command line: `npm run bench -- --quick`. In headless Chromium, or with --node on Dawn in this process.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { launchOptions, SWIFTSHADER } from '../machine.mjs';
import { commandOf, ending, finish, progress, save, USAGE } from './command.mjs';
import { openDawn } from './dawn.mjs';

/** @import { Report } from '../../demo/bench/run.ts' */
/** @import { Command, Origin, Outcome } from './command.mjs' */

/** Flags of a Chromium that computes on the machine's GPU, headless too. */
const HARDWARE = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

const root = join(import.meta.dirname, '../..');
process.chdir(root); // the Vite configuration counts from here

/** The bench's modules, loaded by Vite into this process. @template T @param {(load: (file: string) => Promise<any>) => Promise<T>} body */
async function loaded(body) {
  const server = await createServer({
    root,
    mode: 'test',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    ssr: { noExternal: [/^@tensorflow/] }, // its gradients are modules that Node alone does not find
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    return await body((file) => server.ssrLoadModule(`/demo/bench/${file}`));
  } finally {
    await server.close();
  }
}

/** A page of the demo's server runs it. @param {Command} command @param {Origin} origin @returns {Promise<Outcome>} */
async function inChromium({ quick, wanted }, { flags }) {
  // No watching: a file saved meanwhile must not reload the page.
  const server = await createServer({
    mode: 'demo',
    cacheDir: join(root, 'node_modules/.vite-bench'),
    logLevel: 'error',
    server: { port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const browser = await chromium.launch({ ...launchOptions, args: flags });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') console.error(`\n${message.type()}: ${message.text()}`);
    });
    await page.goto(new URL('bench/index.html', server.resolvedUrls?.local[0]).href);
    await page.exposeFunction('progress', progress);
    page.setDefaultTimeout(0);
    return await page.evaluate(
      async ([quick, wanted]) => {
        const url = new URL('drive.ts', location.href).href;
        /** @type {typeof import('../../demo/bench/drive.ts')} */
        const { drive } = await import(url);
        return drive(quick, wanted, { progress: /** @type {any} */ (globalThis)['progress'] });
      },
      /** @type {const} */ ([quick, wanted]),
    );
  } finally {
    await browser.close();
    await server.close();
  }
}

/** @param {Command} command @param {Origin} origin @returns {Promise<Outcome>} */
async function inNode({ quick, wanted, toggles, json }, origin) {
  process.env['GALLIVM_PERF'] ??= ''; // Mesa's software driver optimises its code, as it does where nobody asks it not to
  Object.assign(globalThis, { require: createRequire(import.meta.url) }); // tfjs in Node asks for it
  await openDawn(toggles, existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined);
  const row = (/** @type {unknown} */ _, /** @type {Report} */ report) => {
    if (json) save(report, origin, json);
  };
  return loaded(async (load) => (await load('drive.ts')).drive(quick, wanted, { progress, row }));
}

async function main() {
  const command = commandOf(process.argv.slice(2));
  if (command.help) return console.log(`npm run bench -- [options]\n${USAGE}`);
  if (command.list) return loaded(async (load) => console.log((await load('drive.ts')).list(command.quick, command.wanted).join('\n')));
  /** @type {Origin} */
  const origin = {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    clean: !execFileSync('git', ['status', '--porcelain', '--', 'src', 'shaders', 'demo/bench'], { encoding: 'utf8' }),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
    flags: command.node ? command.toggles : command.hardware ? HARDWARE : launchOptions.args,
  };
  const outcome = await (command.node ? inNode(command, origin) : inChromium(command, origin));
  const { disagreements } = await loaded((load) => load('report.ts'));
  finish(outcome, origin, command, disagreements);
}

ending(main());
