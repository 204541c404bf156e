// The bench from the command line: `npm run bench -- --quick`. In headless Chromium, or with --node on Dawn in this process.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { launchOptions } from '../machine.mjs';

/** @import { BenchOptions, Report } from '../../demo/bench/run.ts' */
/** @typedef {Partial<BenchOptions> & Pick<BenchOptions, 'peers'>} Wanted over those of QUICK or FULL */
/** @typedef {{ report: Report, markdown: string }} Outcome */

const USAGE = `npm run bench -- [options]
  --quick        fewer rows, fewer and shorter rounds: about three minutes on two cores
  --only TEXTS   rows whose name contains one of them (between commas), with --quick too
  --rounds N     rounds for every row
  --peers LIST   of tfjs,ort; "" for none
  --node         on Dawn in Node: us and tfjs`;

const root = join(import.meta.dirname, '../..');
process.chdir(root); // the Vite configuration counts from here

/** @param {string} text @param {number} done @param {number} total */
function progress(text, done, total) {
  const line = `[${String(done).padStart(String(total).length)}/${total}] ${text}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  else process.stderr.write(`${line}\n`);
}

/** A page of the demo's server runs it.
 * @param {boolean} quick @param {Wanted} wanted @returns {Promise<Outcome>} */
async function inChromium(quick, wanted) {
  // No watching: a file saved meanwhile must not reload the page.
  const server = await createServer({
    mode: 'demo',
    cacheDir: join(root, 'node_modules/.vite-bench'),
    logLevel: 'error',
    server: { port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const browser = await chromium.launch(launchOptions);
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
        return drive(quick, wanted, /** @type {any} */ (globalThis)['progress']);
      },
      /** @type {const} */ ([quick, wanted]),
    );
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The same modules, loaded by Vite into this process.
 * @param {boolean} quick @param {Wanted} wanted @returns {Promise<Outcome>} */
async function inNode(quick, wanted) {
  process.env['GALLIVM_PERF'] ??= ''; // Mesa's software driver optimises its code, as it does where nobody asks it not to
  const server = await createServer({
    root,
    mode: 'test',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    ssr: { noExternal: [/^@tensorflow/] }, // its gradients are modules that Node alone does not find
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    await server.ssrLoadModule('/test/setup.node.ts');
    Object.assign(globalThis.navigator, { userAgent: `Node ${process.version}, Dawn`, hardwareConcurrency: availableParallelism() });
    Object.assign(globalThis, { require: createRequire(import.meta.url) }); // tfjs in Node asks for it
    const { drive } = await server.ssrLoadModule('/demo/bench/drive.ts');
    return await drive(quick, wanted, progress);
  } finally {
    await server.close();
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      node: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      peers: { type: 'string' },
    },
  });
  if (values.help) return console.log(USAGE);
  const peers = (values.peers ?? (values.node ? 'tfjs' : 'tfjs,ort')).split(',').filter(Boolean);
  const rounds = values.rounds ? { rounds: Number(values.rounds), mostRounds: 3 * Number(values.rounds) } : {};
  const wanted = { ...rounds, peers, ...(values.only && { only: values.only }) };
  const { report, markdown } = await (values.node ? inNode : inChromium)(values.quick, wanted);
  process.stderr.write('\n');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const clean = !execFileSync('git', ['status', '--porcelain', '--', 'src', 'shaders'], { encoding: 'utf8' });
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`;
  console.log(`${report.date.slice(0, 10)}, commit ${commit}${clean ? '' : ' with changes'}; ${command}\n${markdown}`);
  const folder = join(root, 'dist-bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.date.replace(/[:.]/g, '-')}.json`);
  writeFileSync(file, JSON.stringify({ commit, clean, command, flags: values.node ? [] : launchOptions.args, ...report }, null, 1));
  console.log(`\nwritten to ${file.slice(root.length + 1)}`);
  const wrong = report.rows.filter((row) => row.timings.some((t) => t.library === 'ours' && t.wrong));
  if (wrong.length) throw new Error(`our result is wrong in ${wrong.map((row) => row.name).join(', ')}`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`bench: ${error.stack}`);
    process.exit(1);
  },
);
