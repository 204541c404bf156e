import { bedOfNails2d, bedOfNails2dBackward, maxPool2d, maxPool2dBackward, maxUnpool2d, maxUnpool2dBackward } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { list, options } from '../kit/code.ts';
import { button, choice, range } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { Edges } from '../kit/edges.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { short } from '../kit/numbers.ts';
import { numbers, remembered, whole, word } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import { swapping } from './drag.ts';
import { Pins } from './pins.ts';
import { bed, gone, zeros } from './says.ts';
import markup from './unpool.html?raw';
import { cellsOf, nails, pooling, RULES, type Rule, type Setting, SIDE, unpooling, windowsOf } from './windows.ts';

const CELLS = SIDE * SIDE;

/** The numbers of one computation. */
export interface Remembered {
  readonly setting: Setting;
  /** Windows along an axis. */
  readonly small: number;
  readonly x: readonly number[];
  readonly pooled: ArrayLike<number>;
  /** Of each window: the cell its value was in. */
  readonly at: readonly number[];
  readonly y: ArrayLike<number>;
  readonly nails: ArrayLike<number>;
}

interface Returned {
  readonly dy: readonly number[];
  readonly dpooled: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  /** What bed of nails would give the pooled cells; empty where its result has another size. */
  readonly nailed: ArrayLike<number>;
}

const place = (i: number) => `[${Math.floor(i / SIDE)}, ${i % SIDE}]`;

/** Max pooling with indices, and what follows them back. */
export class UnpoolPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    kernel: whole(2, 1, 4),
    stride: whole(2, 1, 4),
    padding: whole(0, 0, 2),
    rule: word('last', Object.keys(RULES) as Rule[]),
    x: numbers([2, 7, 3, 1, 1, 4, 5, 9, 4, 0, 8, 3, 6, 2, 1, 5]),
    dy: numbers([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
  });
  readonly #drawn = signal<Remembered | undefined>(undefined);
  readonly #returned = signal<Returned | undefined>(undefined);
  readonly #x = new Grid({ label: 'x, yours', edit: (i, value) => this.#edit('x', i, value) });
  readonly #pooled = new Grid({ label: 'max pool' });
  readonly #y = new Grid({ label: 'max unpool' });
  readonly #nails = new Grid({ label: 'bed of nails' });
  readonly #dx = new Grid({ label: 'dx' });
  readonly #dpooled = new Grid({ label: 'd pooled' });
  readonly #dy = new Grid({ label: 'dy, yours', edit: (i, value) => this.#edit('dy', i, value) });
  readonly #nailed = new Grid({ label: 'd by nails' });

  start(): void {
    const state = this.#state;
    const forward = this.find('.unpool-forward');
    forward.append(...[this.#x, this.#pooled, this.#y, this.#nails].map((grid) => grid.element));
    this.find('.unpool-back').append(...[this.#dx, this.#dpooled, this.#dy, this.#nailed].map((grid) => grid.element));
    const edges = new Edges(forward);
    const pins = new Pins(forward);
    swapping(forward, this.#x.element, (a, b) => {
      const x = this.#values('x');
      state.x.value = x.map((v, i) => (i === a ? x[b]! : i === b ? x[a]! : v));
    });
    this.find('.controls').append(
      range({ label: 'Kernel', value: state.kernel, min: 1, max: 4, text: (n) => `${n} × ${n}` }),
      range({ label: 'Stride', value: state.stride, min: 1, max: 4 }),
      range({ label: 'Padding', value: state.padding, min: 0, max: 2 }),
      choice({ label: 'Where several pins meet', value: state.rule, options: RULES }),
      element(
        'div',
        { class: 'control tabs choice' },
        button('Shuffle the numbers', () => this.#shuffle()),
        button('Fly again', () => pins.fly()),
      ),
    );
    effect(() => this.#remember());
    effect(() => this.#show());
    effect(() => this.#mark(edges));
    let before = '';
    effect(() => {
      const now = this.#drawn.value;
      if (!now) return;
      pins.show(
        now.at.map((cell, window) => ({
          picked: () => this.#x.place(cell),
          carried: () => this.#pooled.place(window),
          put: () => this.#y.place(cell),
          hue: this.#hue(window),
        })),
      );
      const is = [now.small, ...now.at].join();
      if (is !== before) pins.fly();
      before = is;
    });
  }

  #values(which: 'x' | 'dy'): readonly number[] {
    const given = this.#state[which].value;
    return Array.from({ length: CELLS }, (_, i) => given[i] ?? 0);
  }

  #edit(which: 'x' | 'dy', i: number, value: number): void {
    this.#state[which].value = this.#values(which).map((v, k) => (k === i ? value : v));
  }

  #shuffle(): void {
    const x = [...this.#values('x')];
    for (let i = x.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [x[i], x[j]] = [x[j]!, x[i]!];
    }
    this.#state.x.value = x;
  }

  #remember(): void {
    const { kernel, stride, padding, rule } = this.#state;
    const setting: Setting = { kernel: kernel.value, stride: stride.value, padding: padding.value, rule: rule.value };
    const [x, dy] = [this.#values('x'), this.#values('dy')];
    const [pool, unpool, bedOf] = [pooling(setting), unpooling(setting), nails(setting)];
    const small = windowsOf(setting);
    const shape = [1, 1, SIDE, SIDE];
    const inner = [1, 1, small, small];
    const accepted = this.compute(
      {
        inputs: { x: { data: x, shape } },
        gpu: ({ x }) => {
          const { output, indices } = maxPool2d(x, { ...pool, returnIndices: true });
          return [output, indices, maxUnpool2d(output, indices, unpool), bedOfNails2d(output, bedOf)];
        },
        cpu: ({ x }) => {
          const { output, indices } = reference.maxPool2d(x, { ...pool, returnIndices: true });
          return [output, indices, reference.maxUnpool2d(output, indices, unpool), reference.bedOfNails2d(output, bedOf)];
        },
        show: (pooled, at, y, nailed) => {
          this.#drawn.value = { setting, small, x, pooled: pooled!.data, at: Array.from(at!.data), y: y!.data, nails: nailed!.data };
        },
        exact: rule.value === 'sum' ? undefined : 'values and indices', // sums are rounded
      },
      'forward',
    );
    const nailable = small * setting.stride === SIDE;
    this.compute(
      {
        inputs: { x: { data: x, shape }, dy: { data: dy, shape } },
        gpu: ({ x, dy }) => {
          const { indices } = maxPool2d(x, { ...pool, returnIndices: true });
          const dpooled = maxUnpool2dBackward(dy, indices, unpool);
          return [dpooled, maxPool2dBackward(dpooled, indices, shape, pool), ...(nailable ? [bedOfNails2dBackward(dy, inner, bedOf)] : [])];
        },
        cpu: ({ x, dy }) => {
          const { indices } = reference.maxPool2d(x, { ...pool, returnIndices: true });
          const dpooled = reference.maxUnpool2dBackward(dy, indices, unpool);
          const by = nailable ? [reference.bedOfNails2dBackward(dy, inner, bedOf)] : [];
          return [dpooled, reference.maxPool2dBackward(dpooled, indices, shape, pool), ...by];
        },
        show: (dpooled, dx, nailed) => {
          this.#returned.value = { dy, dpooled: dpooled!.data, dx: dx!.data, nailed: nailed?.data ?? [] };
        },
      },
      'back',
    );
    const of = (n: number) => (accepted ? ` // [1, 1, ${n}, ${n}]` : '');
    this.code.show(
      [
        "import { bedOfNails2d, createContext, maxPool2d, maxPool2dBackward, maxUnpool2d, maxUnpool2dBackward } from 'webgpu-upsample'",
        '',
        'const ctx = await createContext()',
        `const x = ctx.tensor(${list(x)}, [1, 1, 4, 4])`,
        `const windows = ${options(pool)}`,
        `const { output, indices } = maxPool2d(x, { ...windows, returnIndices: true })${of(small)}`,
        `const back = { ...windows, outputSize: ${SIDE}, duplicates: '${setting.rule}' }`,
        `const y = maxUnpool2d(output, indices, back)${of(SIDE)}`,
        `const nails = bedOfNails2d(output, ${options(bedOf)})${of(small * setting.stride)}`,
        '',
        '// the way back',
        `const dy = ctx.tensor(${list(dy)}, y.shape)`,
        'const dpooled = maxUnpool2dBackward(dy, indices, back)',
        'const dx = maxPool2dBackward(dpooled, indices, x.shape, windows)',
        'console.log(await indices.data(), await y.data(), await dx.data())',
      ].join('\n'),
    );
  }

  /** Windows in the colours of the circle. */
  #hue(window: number): number {
    const count = this.#drawn.value?.at.length ?? 1;
    return Math.round((40 + (360 * window) / count) % 360);
  }

  /** The window that owns each cell of the result, if any does. */
  #owner({ setting, at }: Remembered, cell: number): number {
    return setting.rule === 'first' ? at.indexOf(cell) : at.lastIndexOf(cell);
  }

  #show(): void {
    const now = this.#drawn.value;
    const back = this.#returned.value;
    if (!now || !back || back.dpooled.length !== now.pooled.length) return;
    const { setting, small, x, pooled, at, y } = now;
    const { kernel, stride } = setting;
    const apart = kernel <= stride;
    const size = small * stride;
    const hueOf = (window: number) => (window < 0 ? undefined : this.#hue(window));
    const owner = (i: number) => hueOf(this.#owner(now, i));
    const inWindow = (i: number) => hueOf(apart ? at.findIndex((_, w) => cellsOf(setting, w).includes(i)) : this.#owner(now, i));
    const nailAt = (i: number) =>
      Math.floor(i / size) % stride || (i % size) % stride ? undefined : this.#hue(Math.floor(i / size / stride) * small + (i % size) / stride);
    const most = Number.POSITIVE_INFINITY; // colours are windows here, not sizes
    const plane = { rows: SIDE, columns: SIDE, most };
    const inner = { rows: small, columns: small, most };
    for (const name of ['.unpool-forward', '.unpool-back']) {
      const last = name === '.unpool-forward' ? size : back.nailed.length ? small : 0;
      this.find(name).style.setProperty('--beside', String(SIDE + small + SIDE + last));
      this.find(name).style.setProperty('--halves', String(SIDE + Math.max(small, last)));
    }
    this.#x.show({ ...plane, values: x, hue: inWindow });
    this.#pooled.show({ ...inner, values: pooled, hue: (i) => this.#hue(i) });
    this.#y.show({ ...plane, values: y, hue: owner });
    this.#nails.label(size === SIDE ? 'bed of nails' : `bed of nails, ${size} × ${size}`);
    this.#nails.show({ rows: size, columns: size, values: now.nails, most, hue: nailAt });

    const gets = (window: number) => setting.rule === 'sum' || this.#owner(now, at[window]!) === window;
    this.#dx.show({ ...plane, values: back.dx, hue: owner });
    this.#dpooled.show({ ...inner, values: back.dpooled, hue: (i) => (gets(i) ? this.#hue(i) : undefined) });
    this.#dy.show({ ...plane, values: back.dy, hue: owner });
    this.#nailed.element.hidden = !back.nailed.length;
    if (back.nailed.length) this.#nailed.show({ ...inner, values: back.nailed, hue: (i) => this.#hue(i) });
  }

  /** The window that is looked at, or the cell: of x and the result, which share their places. */
  #looked({ at, small }: Remembered): { window?: number; cell?: number } {
    const within = (grid: Grid, most: number) => {
      const seen = grid.active.value;
      return seen !== undefined && seen < most ? seen : undefined;
    };
    const window = [this.#pooled, this.#dpooled, this.#nailed].map((grid) => within(grid, small * small)).find((w) => w !== undefined);
    const cell = [this.#x, this.#y, this.#dx, this.#dy].map((grid) => within(grid, CELLS)).find((c) => c !== undefined);
    if (window !== undefined) return { window };
    if (cell === undefined) return {};
    const named = at.flatMap((c, w) => (c === cell ? [w] : []));
    return named.length === 1 ? { window: named[0]!, cell } : { cell };
  }

  #mark(edges: Edges): void {
    const now = this.#drawn.value;
    const back = this.#returned.value;
    if (!now || !back || back.dpooled.length !== now.pooled.length) return;
    const { setting, small, at } = now;
    const { window, cell } = this.#looked(now);
    const stride = setting.stride;
    const nail = (w: number) => Math.floor(w / small) * stride * small * stride + (w % small) * stride;
    const noted = (i: number, kind?: Mark['kind']): Mark => ({ kind, ...(at.includes(i) && { note: `at ${i}` }) });
    const seen = window === undefined ? [] : cellsOf(setting, window);
    const target = window === undefined ? cell : at[window];
    const windows = at.map((c, w) => [w, { kind: w === window || (window === undefined && c === cell) ? 'target' : undefined, note: `at ${c}` }] as const);
    const plane = (inside: boolean) =>
      Array.from({ length: CELLS }, (_, i) => [i, noted(i, i === target ? 'target' : inside && seen.includes(i) ? 'source' : undefined)] as const);
    this.#x.mark(plane(true));
    this.#pooled.mark(windows);
    this.#y.mark(plane(false));
    this.#nails.mark(window === undefined ? [] : [[nail(window), { kind: 'target' }]]);
    this.#dx.mark(plane(false));
    this.#dpooled.mark(windows.map(([w, mark]) => [w, { kind: mark.kind }]));
    this.#dy.mark(plane(false));
    this.#nailed.mark(window === undefined ? [] : [[window, { kind: 'target' }]]);
    const linked = window !== undefined ? [window] : at.flatMap((c, w) => (c === cell ? [w] : []));
    edges.show(
      linked.flatMap((w) => [
        { from: () => this.#x.place(at[w]!), to: () => this.#pooled.place(w), weight: 1 },
        { from: () => this.#pooled.place(w), to: () => this.#y.place(at[w]!), weight: 1 },
      ]),
    );
    const says = this.find('.unpool-says');
    const text = this.#sentence(now, window, cell, seen);
    if (says.textContent !== text) says.textContent = text;
    this.find('.unpool-gradient').textContent = gone(now, back);
  }

  #sentence(now: Remembered, window: number | undefined, cell: number | undefined, seen: readonly number[]): string {
    const { setting, x, at, y, pooled } = now;
    if (window !== undefined) {
      const where = at[window]!;
      const sees = seen.map((i) => short(x[i]!, 3)).join(', ');
      const put = this.#owner(now, where) === window || setting.rule === 'sum';
      return `Window ${window + 1} sees ${sees}. The largest is ${short(pooled[window]!, 3)}, at ${where} = ${place(where)}; ${
        put ? 'unpooling puts it back there' : 'but there unpooling writes the value of another window'
      }.${put ? bed(now, window) : ''}`;
    }
    if (cell === undefined) return zeros(now);
    const named = at.flatMap((c, w) => (c === cell ? [w] : []));
    if (!named.length) return `Cell ${cell} = ${place(cell)} was the largest of no window: 0 after unpooling.`;
    const windows = named.map((w) => w + 1).join(', ');
    const how = { last: 'the last of them writes it', first: 'the first of them writes it', sum: 'their values are added' }[setting.rule];
    return `Windows ${windows} all point at cell ${cell} = ${place(cell)}: ${how}, ${short(y[cell]!, 3)}.`;
  }
}
