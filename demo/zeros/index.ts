import { type Context, conv2d, convTranspose2d, zeroInsert2d } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { list, options } from '../kit/code.ts';
import { range } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { short, tiny } from '../kit/numbers.ts';
import { scrubber } from '../kit/scrubber.ts';
import { numbers, remembered, whole } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import { type Count, counted, countedByMatrix, direct, inserted, insertion, padded, placeOf, placesOf, resulting, type Setting } from './routes.ts';
import markup from './zeros.html?raw';

const CELLS = 3;
/** The largest kernel; smaller ones are its corner. */
const KERNEL = 4;
/** A side of the map whose count has hardly any border. */
const LARGE = 256;

const STAGES = ['x', 'zeros between', 'zeros around', 'kernel turned', 'convolved'] as const;
const LAST = STAGES.length - 1;

interface Routes {
  readonly setting: Setting;
  readonly x: readonly number[];
  readonly w: readonly number[];
  /** x with zeros between, and with those around too. */
  readonly between: ArrayLike<number>;
  readonly around: ArrayLike<number>;
  /** By zeros, and directly. */
  readonly y: ArrayLike<number>;
  readonly direct: ArrayLike<number>;
  readonly count: Count;
  readonly large: Count;
}

const SOURCE: Mark = { kind: 'source' };
const TARGET: Mark = { kind: 'target' };
const FAINT: Mark = { kind: 'faint' };

const bracketed = (v: number) => (v < 0 ? `(${short(v, 3)})` : short(v, 3));
const percent = (share: number, places: number) => `${short(100 * share, places)} %`;

/** A transposed convolution by zeros and an ordinary convolution, and what that wastes. */
export class ZerosPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    kernel: whole(3, 1, KERNEL),
    stride: whole(2, 1, 3),
    padding: whole(1, 0, 3),
    op: whole(1, 0, 2),
    step: whole(LAST, 0, LAST),
    x: numbers([2, 3, 1, 1, 5, 4, 3, 1, 2]),
    w: numbers([1, 2, 1, -1, 2, 4, 2, 1, 1, 3, -1, 0, 0, 1, 2, 1]),
  });
  readonly #drawn = signal<Routes | undefined>(undefined);
  readonly #map = new Grid({ label: 'x', edit: (i, value) => this.#editX(i, value) });
  readonly #w = new Grid({ label: 'w', edit: (i, value) => this.#editW(i, value) });
  readonly #y = new Grid({ label: 'conv2d' });
  readonly #direct = new Grid({ label: 'convTranspose2d(x, w)' });

  start(): void {
    const state = this.#state;
    this.find('.zeros-player').append(scrubber(this, { label: 'Stages', at: state.step, last: () => LAST, text: (at) => STAGES[at]!, pace: 1600 }));
    this.find('.zeros-grids').append(...[this.#map, this.#w, this.#y, this.#direct].map((grid) => grid.element));
    this.find('.controls').append(
      range({ label: 'Kernel k', value: state.kernel, min: 1, max: KERNEL }),
      range({ label: 'Stride s', value: state.stride, min: 1, max: 3 }),
      range({ label: 'Padding p', value: state.padding, min: 0, max: 3 }),
      range({ label: 'Output padding op', value: state.op, min: 0, max: 2 }),
    );
    effect(() => this.#travel());
    effect(() => {
      const now = this.#drawn.value;
      if (now) this.#draw(now, state.step.value);
    });
    effect(() => this.#mark());
    effect(() => this.#count());
  }

  get #setting(): Setting {
    const { kernel, stride, padding, op } = this.#state;
    return { cells: CELLS, kernel: kernel.value, stride: stride.value, padding: padding.value, outputPadding: op.value };
  }

  /** Cells of the map that are cells of x, in their order, at a stage. */
  #cells(setting: Setting, step: number): readonly number[] {
    if (step >= 2) return placesOf(setting);
    return Array.from({ length: CELLS ** 2 }, (_, i) => (step ? placeOf(setting, i, 0, inserted(setting)) : i));
  }

  #editX(i: number, value: number): void {
    const at = this.#cells(this.#setting, this.#state.step.value).indexOf(i);
    if (at >= 0) this.#state.x.value = this.#state.x.value.map((v, k) => (k === at ? value : v));
  }

  #editW(i: number, value: number): void {
    const k = this.#state.kernel.value;
    const tap = this.#state.step.value < 3 ? i : k * k - 1 - i;
    const at = Math.floor(tap / k) * KERNEL + (tap % k);
    this.#state.w.value = this.#state.w.value.map((v, j) => (j === at ? value : v));
  }

  #travel(): void {
    const setting = this.#setting;
    const k = setting.kernel;
    const x = Array.from({ length: CELLS ** 2 }, (_, i) => this.#state.x.value[i] ?? 0);
    const w = Array.from({ length: k * k }, (_, i) => this.#state.w.value[Math.floor(i / k) * KERNEL + (i % k)] ?? 0);
    let counts!: Pick<Routes, 'count' | 'large'>;
    const count = (by: (s: Setting) => Count) => {
      counts = { count: by(setting), large: by({ ...setting, cells: LARGE }) };
    };
    const accepted = this.compute({
      inputs: {
        x: { data: x, shape: [1, 1, CELLS, CELLS] },
        w: { data: w, shape: [1, 1, k, k] },
        turned: { data: [...w].reverse(), shape: [1, 1, k, k] },
      },
      gpu: ({ x, w, turned }, ctx: Context) => {
        count((s) => counted(ctx, s));
        const around = zeroInsert2d(x, insertion(setting));
        return [convTranspose2d(x, w, direct(setting)), zeroInsert2d(x, { stride: setting.stride }), around, conv2d(around, turned)];
      },
      cpu: ({ x, w, turned }) => {
        const y = reference.convTranspose2d(x, w, direct(setting));
        const around = reference.zeroInsert2d(x, insertion(setting));
        count(countedByMatrix);
        return [y, reference.zeroInsert2d(x, { stride: setting.stride }), around, reference.conv2d(around, turned)];
      },
      show: (y, between, around, convolved) => {
        this.#drawn.value = { setting, x, w, direct: y!.data, between: between!.data, around: around!.data, y: convolved!.data, ...counts };
      },
    });
    if (!accepted && setting.padding >= k)
      this.#write(
        `k − 1 − p = ${short(k - 1 - setting.padding)}: no such number of zeros goes around. The direct route has no need of them, it just cuts more away.`,
      );
    const [side, size] = [padded(setting), resulting(setting)];
    this.code.show(
      [
        "import { conv2d, convTranspose2d, createContext, zeroInsert2d } from 'webgpu-upsample'",
        '',
        'const ctx = await createContext()',
        `const weights = ${list(w)}`,
        `const x = ctx.tensor(${list(x)}, [1, 1, ${CELLS}, ${CELLS}])`,
        `const w = ctx.tensor(weights, [1, 1, ${k}, ${k}])`,
        `const turned = ctx.tensor(weights.toReversed(), [1, 1, ${k}, ${k}])`,
        `const direct = convTranspose2d(x, w, ${options(direct(setting))})${accepted ? ` // [1, 1, ${size}, ${size}]` : ''}`,
        `const zeros = zeroInsert2d(x, ${options(insertion(setting))})${accepted ? ` // [1, 1, ${side}, ${side}]` : ''}`,
        'const same = conv2d(zeros, turned) // equal to direct',
      ].join('\n'),
    );
  }

  /** What was drawn last, for what flies from there. */
  #before: { setting: Setting; step: number } | undefined;

  #draw({ setting, x, w, between, around, y, direct }: Routes, step: number): void {
    const { kernel } = setting;
    const before = this.#before;
    const moved = before && before.step !== step && before.setting.kernel === kernel && before.setting.stride === setting.stride ? before : undefined;
    const old = moved && this.#cells(moved.setting, moved.step).map((i) => this.#map.place(i)?.cell);
    const grids = this.find('.zeros-grids');
    const [side, size] = [padded(setting), resulting(setting)];
    for (const [name, cells] of Object.entries({ padded: side, kernel, size })) grids.style.setProperty(`--${name}`, String(cells));

    const now = step === 0 ? CELLS : step === 1 ? inserted(setting) : side;
    const cells = this.#cells(setting, step);
    const own = new Set(cells);
    const values = step === 0 ? x : step === 1 ? between : around;
    const most = Math.max(...x.map(Math.abs), 1);
    this.#map.label(
      step === 0 ? `x, ${now} × ${now}` : step === 1 ? `x with zeros between, ${now} × ${now}` : `x with zeros between and around, ${now} × ${now}`,
    );
    this.#map.show({ rows: now, columns: now, values, most, fixed: (i) => !own.has(i) });
    this.#w.label(step < 3 ? `w, ${kernel} × ${kernel}` : 'w, turned');
    const { stride, padding } = setting;
    const hue = (r: number, c: number) => (stride === 1 ? undefined : Math.round((360 * ((r % stride) * stride + (c % stride))) / stride ** 2 + 30));
    const tap = (i: number) => (step < 3 ? i : w.length - 1 - i);
    this.#w.show({
      rows: kernel,
      columns: kernel,
      values: w.map((_, i) => w[tap(i)]!),
      hue: (i) => hue(Math.floor(tap(i) / kernel), tap(i) % kernel),
    });
    const results = Math.max(...Array.from(direct, Math.abs), 1);
    this.#y.label(`conv2d(zeros, turned), ${size} × ${size}`);
    this.#y.show({ rows: size, columns: size, values: step === LAST ? y : [], most: results });
    this.#direct.label(`convTranspose2d(x, w), ${size} × ${size}`);
    this.#direct.show({ rows: size, columns: size, values: direct, most: results, hue: (i) => hue(Math.floor(i / size) + padding, (i % size) + padding) });

    if (old) this.#map.fly((i) => (own.has(i) ? old[cells.indexOf(i)] : undefined));
    if (moved && moved.step < 3 !== step < 3) {
      const places = w.map((_, i) => this.#w.place(i)?.cell);
      this.#w.fly((i) => places[w.length - 1 - i]);
    }
    this.#before = { setting, step };
  }

  #mark(): void {
    const now = this.#drawn.value;
    if (!now) return;
    const step = this.#state.step.value;
    const { setting, w, around, y, direct } = now;
    const { kernel } = setting;
    const [side, size] = [padded(setting), resulting(setting)];
    const own = new Set(this.#cells(setting, step));
    const cells = step === 0 ? CELLS : step === 1 ? inserted(setting) : side;
    const zeros = Array.from({ length: cells * cells }, (_, i) => i).filter((i) => !own.has(i));
    const seen = this.#y.active.value ?? this.#direct.active.value;
    if (seen === undefined || step < LAST || seen >= size * size) {
      this.#map.mark(zeros.map((i) => [i, FAINT]));
      for (const grid of [this.#w, this.#y, this.#direct]) grid.mark(seen !== undefined && grid === this.#direct ? [[seen, TARGET]] : []);
      this.#say(now, step);
      return;
    }
    const [r, c] = [Math.floor(seen / size), seen % size];
    const taps = w.map((_, t) => ({ t, weight: w[w.length - 1 - t]!, at: (r + Math.floor(t / kernel)) * side + c + (t % kernel) }));
    const useful = taps.filter(({ at }) => own.has(at));
    const window = new Set(taps.map(({ at }) => at));
    this.#map.mark([...zeros.filter((i) => !window.has(i)).map((i): [number, Mark] => [i, FAINT]), ...taps.map(({ at }): [number, Mark] => [at, SOURCE])]);
    this.#w.mark(useful.map(({ t }) => [t, SOURCE]));
    this.#y.mark([[seen, TARGET]]);
    this.#direct.mark([[seen, TARGET]]);
    const phase = [r, c].map((at) => (at + setting.padding) % setting.stride).join(', ');
    const sum = useful.map(({ weight, at }) => `${bracketed(around[at]!)}·${bracketed(weight)}`).join(' + ') || '0';
    this.#write(
      `y[${r}, ${c}], phase (${phase}): ${useful.length} of ${taps.length} taps meet a cell of x, ${taps.length - useful.length} a zero. ${sum} = ${short(y[seen]!, 3)}, and convTranspose2d says ${short(direct[seen]!, 3)}.`,
    );
  }

  #say({ setting, y, direct }: Routes, step: number): void {
    const { kernel: k, stride: s, padding: p, outputPadding: op } = setting;
    const apart = Array.from(y).reduce((most, v, i) => Math.max(most, Math.abs(v - direct[i]!)), 0);
    const behind = op ? `, and op = ${op} more behind` : '';
    const texts: Record<number, string> = {
      0: `x, as the transposed convolution takes it.`,
      1: s === 1 ? 'Stride 1: nothing comes between.' : `s − 1 = ${s - 1} ${s === 2 ? 'zero' : 'zeros'} between any two neighbours.`,
      2: `k − 1 − p = ${k - 1 - p} around${behind}.`,
      3: 'The kernel turned by half a circle: the convolution’s transpose reads it from the other end.',
      4: `An ordinary convolution with stride 1. Largest difference between the two routes: ${tiny(apart)}. Point at a result to see what it multiplies.`,
    };
    this.#write(texts[step]!);
  }

  #write(text: string): void {
    const line = this.find('.zeros-says');
    if (line.textContent !== text) line.textContent = text;
  }

  #count(): void {
    const now = this.#drawn.value;
    if (!now) return;
    const { count, large, setting } = now;
    const bar = (name: string, useful: number, wasted: number, text: string) =>
      element(
        'div',
        { class: 'zeros-bar' },
        element('span', { class: 'zeros-name' }, name),
        element(
          'span',
          { class: 'zeros-track', 'aria-hidden': 'true', style: `--useful: ${useful / count.all}; --wasted: ${wasted / count.all}` },
          element('i', { class: 'useful' }),
          element('i', { class: 'wasted' }),
        ),
        element('span', { class: 'zeros-text' }, text),
      );
    const wasted = ({ all, useful }: Count) => all - useful;
    this.find('.zeros-bars').replaceChildren(
      bar('By zeros', count.useful, wasted(count), `${count.all}: ${wasted(count)} by zero (${percent(wasted(count) / count.all, 1)}), ${count.useful} of use`),
      bar('By phase', count.useful, 0, `${count.useful}`),
    );
    const { stride } = setting;
    this.find('.zeros-large').textContent =
      `For x of ${LARGE} × ${LARGE}, where the border hardly counts, ${percent(wasted(large) / large.all, 1)} are by zero: 1 − 1/s² is ${percent(1 - 1 / stride ** 2, 1)} at stride ${stride}.`;
  }
}
