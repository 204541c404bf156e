// The bench as one file for a machine with a GPU, Node and the npm package `webgpu`, and no network. `npm run bench:pack` writes it.
import { drive, list } from '../../demo/bench/drive.ts';
import { disagreements } from '../../demo/bench/report.ts';
import { commandOf, ending, finish, progress, save, USAGE } from './command.mjs';
import { openDawn } from './dawn.mjs';

async function main() {
  const command = commandOf(process.argv.slice(2), true);
  if (command.help) return console.log(`node bench.mjs [options]\n${USAGE}`);
  if (command.list) return console.log(list(command.quick, command.wanted).join('\n'));
  process.env['GALLIVM_PERF'] ??= '';
  await openDawn(command.toggles);
  const { COMMIT, CLEAN } = import.meta.env;
  const origin = { commit: COMMIT, clean: CLEAN === 'true', command: `node bench.mjs ${process.argv.slice(2).join(' ')}`.trim(), flags: command.toggles };
  const { quick, wanted, json = 'bench.json' } = command;
  const outcome = await drive(quick, wanted, { progress, row: (_, report) => save(report, origin, json) });
  finish(outcome, origin, { ...command, json }, disagreements);
}

ending(main());
