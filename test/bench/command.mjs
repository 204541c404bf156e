// What both forms of the command share: its options, its progress bar, its outcome.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** @import { BenchOptions, Report } from '../../demo/bench/run.ts' */
/** @typedef {Partial<BenchOptions> & Pick<BenchOptions, 'peers'>} Wanted over those of a quick or a thorough run */
/** @typedef {{ report: Report, markdown: string }} Outcome */
/** @typedef {{ quick: boolean, node: boolean, hardware: boolean, help: boolean, list: boolean, wanted: Wanted, toggles: string[], json?: string, against?: string }} Command */

export const USAGE = `Times every row with this library and its peers on one device, checks each result first, prints Markdown and writes JSON.

Rows
  --quick         fewer rows, fewer and shorter rounds: under four minutes on two idle cores
  --trend         the rows to look at after every change of a kernel
  --full          layers at their own size; default on a GPU
  --reduced       layers reduced to what a software adapter runs in a fraction of a second; default there
  --only TEXTS    rows whose name contains one of them (between commas), with --quick too
  --part I/N      the rows of part I of N, in the order of the table: for machines that are lent for minutes
  --list          prints the names of the rows (of a GPU, or --reduced), and computes nothing

Measurement
  --rounds N      rounds of each of the three visits to a row, and 3N where it is too close to call; default 5, quick 3
  --peers LIST    of tfjs,ort; "" for none; default both, with --node tfjs
  --node          on Dawn in Node, where ONNX Runtime has no WebGPU; default headless Chromium
  --hardware      Chromium on the machine's GPU, where it otherwise is the software adapter SwiftShader that tests use
  --toggles LIST  features of Dawn to enable, with --node: disable_robustness, say

Results
  --json FILE     where they are written, row by row with --node; default dist-bench/<date>.json
  --against FILE  JSON of another run: names the factors of both whose ranges have nothing in common
  --help          this text

f16 rows run where the adapter has shader-f16: Chromium's SwiftShader has not.`;

/** @param {string} text @param {(value: string) => boolean} good @param {string} expected */
function refuse(text, good, expected) {
  if (!good(text)) throw new Error(`${text} is not ${expected}`);
  return text;
}

/** @param {string[]} args @returns {Command} */
export function commandOf(args, node = false) {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  const text = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({
    args,
    options: {
      ...{ quick: flag, trend: flag, full: flag, reduced: flag, only: text, part: text, list: flag },
      ...{ rounds: text, peers: text, node: flag, hardware: flag, toggles: text, json: text, against: text, help: flag },
    },
  });
  const { quick, trend, full, reduced, only, hardware, list, json, against, help } = values;
  const inNode = node || values.node;
  if (full && reduced) throw new Error('--full and --reduced exclude each other');
  if (values.toggles && !inNode) throw new Error('--toggles needs --node');
  if (hardware && inNode) throw new Error('--hardware is of Chromium; Node takes the GPU that there is');
  const peers = (values.peers ?? (inNode ? 'tfjs' : 'tfjs,ort')).split(',').filter(Boolean);
  for (const peer of peers) refuse(peer, (p) => ['tfjs', ...(inNode ? [] : ['ort'])].includes(p), `a peer ${inNode ? 'in Node: tfjs' : ': tfjs, ort'}`);
  const rounds = values.rounds && Number(refuse(values.rounds, (r) => Number.isInteger(Number(r)) && Number(r) > 0, 'a number of rounds'));
  const part =
    values.part &&
    refuse(values.part, (p) => /^\d+\/\d+$/.test(p), 'a part, as 1/3 is')
      .split('/')
      .map(Number);
  if (part && !(part[0] && part[0] <= (part[1] ?? 0))) throw new Error(`there is no part ${values.part}`);
  return {
    ...{ quick, node: inNode, hardware, help, list, toggles: (values.toggles ?? '').split(',').filter(Boolean) },
    ...(json && { json }),
    ...(against && { against }),
    wanted: {
      peers,
      ...(trend && { trend }),
      ...(full && { scale: 'full' }),
      ...(reduced && { scale: 'reduced' }),
      ...(only && { only }),
      ...(part && { part: /** @type {[number, number]} */ (part) }),
      ...(rounds && { rounds, mostRounds: 3 * rounds }),
    },
  };
}

/** @param {number} done @param {number} total */
export function bar(done, total, width = 24) {
  const full = total ? Math.floor((done / total) * width) : 0;
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${String(done).padStart(String(total).length)}/${total}`;
}

/** @param {string} text @param {number} done @param {number} total */
export function progress(text, done, total) {
  const line = `${bar(done, total)} ${text}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns)}`);
  else process.stderr.write(`${line}\n`);
}

/** What a number needs to be of record. @typedef {{ commit: string, clean: boolean, command: string, flags: string[] }} Origin */

/** @param {Report} report @param {Origin} origin @param {string} file */
export function save(report, origin, file) {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...origin, ...report }, null, 1));
}

/** Prints the outcome; throws when a row of ours is wrong or missing.
 * @param {Outcome} outcome @param {Origin} origin @param {Command} command @param {(one: Report, other: Report) => string[]} disagreements */
export function finish({ report, markdown }, origin, { toggles, json, against }, disagreements) {
  const { commit, clean, command } = origin;
  process.stderr.write('\n');
  console.log(
    `${report.date.slice(0, 10)}, commit ${commit}${clean ? '' : ' with changes'}; ${command}${toggles.length ? `; ${toggles.join(' ')}` : ''}\n${markdown}`,
  );
  const file = json ?? `dist-bench/${report.date.replace(/[:.]/g, '-')}.json`;
  save(report, origin, file);
  console.log(`\nwritten to ${file}`);
  if (against) {
    const apart = disagreements(report, JSON.parse(readFileSync(against, 'utf8')));
    console.log(`\n${apart.length ? 'beyond both spreads, this run and the other:' : `within the spreads of ${against}`}`);
    for (const line of apart) console.log(`- ${line}`);
  }
  const missing = report.rows.filter((row) => row.missing['ours']).map((row) => `${row.name} (${row.missing['ours']})`);
  const wrong = report.rows.filter((row) => row.timings.some((t) => t.library === 'ours' && t.wrong)).map((row) => row.name);
  if (wrong.length) throw new Error(`our result is wrong in ${wrong.join(', ')}`);
  if (missing.length) throw new Error(`we did not run ${missing.join(', ')}`);
}

/** @param {Promise<void>} main */
export const ending = (main) =>
  main.then(
    () => process.exit(0),
    (error) => {
      console.error(`bench: ${error.stack}`);
      process.exit(1);
    },
  );
