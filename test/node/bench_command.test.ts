import { expect, test } from 'vitest';
import { bar, commandOf, USAGE } from '../bench/command.mjs';

test('without options: both peers, all rows, thorough', () => {
  expect(commandOf([])).toEqual({ quick: false, node: false, hardware: false, help: false, list: false, toggles: [], wanted: { peers: ['tfjs', 'ort'] } });
  expect(commandOf(['--node']).wanted.peers).toEqual(['tfjs']);
  expect(commandOf([], true)).toEqual(commandOf(['--node']));
});

test.each([
  [['--full'], { scale: 'full' }],
  [['--reduced'], { scale: 'reduced' }],
  [['--trend'], { trend: true }],
  [['--only', 'a,b'], { only: 'a,b' }],
  [['--part', '2/3'], { part: [2, 3] }],
  [['--rounds', '7'], { rounds: 7, mostRounds: 21 }],
  [['--peers', ''], { peers: [] }],
  [['--peers', 'ort'], { peers: ['ort'] }],
])('%j asks for %j', (args, wanted) => {
  expect(commandOf(args).wanted).toEqual({ peers: ['tfjs', 'ort'], ...wanted });
});

test('what concerns the whole command', () => {
  const command = commandOf(['--quick', '--node', '--toggles', 'a,b', '--json', 'x.json', '--against', 'y.json']);
  expect(command).toMatchObject({ quick: true, node: true, toggles: ['a', 'b'], json: 'x.json', against: 'y.json' });
  expect(commandOf(['--hardware']).hardware).toBe(true);
  expect(commandOf(['--list']).list).toBe(true);
  expect(commandOf(['--help']).help).toBe(true);
});

test.each([
  [['--full', '--reduced'], '--full and --reduced exclude each other'],
  [['--toggles', 'a'], '--toggles needs --node'],
  [['--hardware', '--node'], '--hardware is of Chromium'],
  [['--node', '--peers', 'ort'], 'ort is not a peer'],
  [['--peers', 'torch'], 'torch is not a peer'],
  [['--rounds', '0'], '0 is not a number of rounds'],
  [['--rounds', 'ten'], 'ten is not a number of rounds'],
  [['--part', '3'], '3 is not a part'],
  [['--part', '4/3'], 'there is no part 4/3'],
  [['--part', '0/3'], 'there is no part 0/3'],
  [['--swift'], "Unknown option '--swift'"],
])('%j is refused', (args, message) => {
  expect(() => commandOf(args)).toThrow(message);
});

test('every option is in the help', () => {
  for (const name of ['quick', 'trend', 'full', 'reduced', 'only', 'part', 'list', 'rounds', 'peers', 'node', 'hardware', 'toggles', 'json', 'against', 'help'])
    expect(USAGE).toContain(`--${name} `);
});

test('the bar fills', () => {
  expect(bar(0, 8, 4)).toBe('░░░░ 0/8');
  expect(bar(6, 12, 4)).toBe('██░░  6/12');
  expect(bar(8, 8, 4)).toBe('████ 8/8');
  expect(bar(0, 0, 4)).toBe('░░░░ 0/0');
});
