import { conv2d, convTranspose2d, type DenseMatrix } from '../../src/index.ts';
import { list, options } from '../kit/code.ts';
import { button, range } from '../kit/controls.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { short } from '../kit/numbers.ts';
import { numbers, remembered, whole, yes } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import { backOptions, entryOf, type Link, type Look, linksOf, matrixOf, type Setting, through, times, turnedOf } from './links.ts';
import markup from './matrix.html?raw';

/** The largest input and kernel; smaller ones are their corners. */
const MOST = 4;

/** One computation. */
interface Product {
  readonly setting: Setting;
  /** Outputs a side. */
  readonly size: number;
  readonly links: readonly Link[];
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly c: DenseMatrix;
  readonly turned: DenseMatrix;
  readonly y: ArrayLike<number>;
  readonly z: ArrayLike<number>;
}

const SOURCE: Mark = { kind: 'source' };
const TARGET: Mark = { kind: 'target' };

const bracketed = (v: number) => (v < 0 ? `(${short(v, 3)})` : short(v, 3));
const many = (n: number, thing: string) => `${n} ${thing}${n === 1 ? '' : 's'}`;

/** The convolution as a matrix, and the transposed convolution as the transposed matrix. */
export class MatrixPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    input: whole(4, 3, MOST),
    kernel: whole(3, 2, MOST),
    stride: whole(1, 1, 2),
    padding: whole(0, 0, 1),
    turned: yes(true),
    x: numbers([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]),
    w: numbers([1, 2, -1, 1, 3, 1, 2, -2, -1, 4, 1, 2, 2, -1, 1, 3]),
  });
  readonly #drawn = signal<Product | undefined>(undefined);
  readonly #x = new Grid({ label: 'x', edit: (i, value) => this.#edit('x', this.#state.input.value, i, value) });
  readonly #w = new Grid({ label: 'w', edit: (i, value) => this.#edit('w', this.#state.kernel.value, i, value) });
  readonly #c = new Grid({ label: 'C' });
  readonly #y = new Grid({ label: 'y = C·x' });
  readonly #turned = new Grid({ label: 'Cᵀ' });
  readonly #z = new Grid({ label: 'Cᵀ·y' });

  start(): void {
    const state = this.#state;
    this.find('.matrix-grids').append(...[this.#x, this.#w, this.#c, this.#y, this.#turned, this.#z].map((grid) => grid.element));
    const turn = button('Transpose', () => {
      state.turned.value = !state.turned.value;
    });
    effect(() => turn.setAttribute('aria-pressed', String(state.turned.value)));
    this.find('.controls').append(
      turn,
      range({ label: 'Input', value: state.input, min: 3, max: MOST, text: (n) => `${n} × ${n}` }),
      range({ label: 'Kernel k', value: state.kernel, min: 2, max: MOST }),
      range({ label: 'Stride s', value: state.stride, min: 1, max: 2 }),
      range({ label: 'Padding p', value: state.padding, min: 0, max: 1 }),
    );
    effect(() => this.#multiply());
    effect(() => this.#draw());
    effect(() => this.#mark());
    let before = state.turned.value;
    effect(() => {
      const now = state.turned.value;
      if (now !== before) this.#fly(now);
      before = now;
    });
  }

  #edit(which: 'x' | 'w', side: number, i: number, value: number): void {
    const at = Math.floor(i / side) * MOST + (i % side);
    this.#state[which].value = this.#state[which].value.map((v, k) => (k === at ? value : v));
  }

  /** The corner of the remembered numbers that is in use. */
  #corner(which: 'x' | 'w', side: number): number[] {
    return Array.from({ length: side * side }, (_, i) => this.#state[which].value[Math.floor(i / side) * MOST + (i % side)] ?? 0);
  }

  #multiply(): void {
    const { input, kernel, stride, padding } = this.#state;
    const setting: Setting = { input: input.value, kernel: kernel.value, stride: stride.value, padding: padding.value };
    const [n, k] = [setting.input, setting.kernel];
    const [x, w] = [this.#corner('x', n), this.#corner('w', k)];
    const forth = { stride: setting.stride, padding: setting.padding };
    const back = backOptions(setting);
    let matrices!: Pick<Product, 'c' | 'turned' | 'links' | 'size'>;
    const accepted = this.compute({
      inputs: { x: { data: x, shape: [1, 1, n, n] }, w: { data: w, shape: [1, 1, k, k] } },
      gpu: ({ x, w }) => {
        const y = conv2d(x, w, forth);
        return [y, convTranspose2d(y, w, back)];
      },
      // What the kernels are compared with is the product with the matrices.
      cpu: ({ x, w }) => {
        const c = matrixOf(setting, w.data);
        const size = Math.sqrt(c.rows);
        const turned = turnedOf(setting, size, w.data);
        matrices = { c, turned, links: linksOf(setting), size };
        const y = times(c, x.data);
        return [
          { data: y, shape: [1, 1, size, size] },
          { data: times(turned, y), shape: [1, 1, n, n] },
        ];
      },
      show: (y, z) => {
        this.#drawn.value = { setting, x, w, ...matrices, y: y!.data, z: z!.data };
      },
    });
    const m = accepted ? matrices.size : 0;
    this.code.show(
      [
        "import { conv2d, convMatrix, convTranspose2d, createContext } from 'webgpu-upsample'",
        '',
        'const ctx = await createContext()',
        `const x = ctx.tensor(${list(x)}, [1, 1, ${n}, ${n}])`,
        `const weight = ${list(w)}, weightShape = [1, 1, ${k}, ${k}]`,
        'const w = ctx.tensor(weight, weightShape)',
        `const y = conv2d(x, w, ${options(forth)})${accepted ? ` // [1, 1, ${m}, ${m}]` : ''}`,
        `const z = convTranspose2d(y, w, ${options(back)})${accepted ? ` // [1, 1, ${n}, ${n}], the shape of x` : ''}`,
        `const C = convMatrix({ inputShape: [1, ${n}, ${n}], weight, weightShape, ${options(forth).slice(2)})${accepted ? ` // ${m ** 2} × ${n * n}, y = C x` : ''}`,
      ].join('\n'),
    );
  }

  #draw(): void {
    const now = this.#drawn.value;
    if (!now) return;
    const { setting, size, links, x, w, c, turned, y, z } = now;
    const { input, kernel } = setting;
    const shown = this.#state.turned.value;
    const grids = this.find('.matrix-grids');
    grids.style.setProperty('--outputs', String(c.rows));
    grids.style.setProperty('--inputs', String(c.columns));
    const hue = (weight: number) => Math.round((360 * weight) / kernel ** 2 + 30);
    const [hues, turnedHues] = [new Map<number, number>(), new Map<number, number>()];
    for (const link of links) {
      hues.set(link.output * c.columns + link.input, hue(link.weight));
      turnedHues.set(link.input * c.rows + link.output, hue(link.weight));
    }
    const most = Math.max(...x.map(Math.abs), 1);
    const sums = Math.max(...Array.from(y, Math.abs), ...Array.from(z, Math.abs), 1);
    this.#x.label(`x, ${input} × ${input}`);
    this.#x.show({ rows: input, columns: input, values: x, most });
    this.#w.label(`w, ${kernel} × ${kernel}`);
    this.#w.show({ rows: kernel, columns: kernel, values: w, hue });
    this.#c.label(`C, ${c.rows} × ${c.columns}`);
    this.#c.show({ rows: c.rows, columns: c.columns, values: c.data, hue: (i) => hues.get(i) });
    this.#y.label(`y = C·x, ${size} × ${size}`);
    this.#y.show({ rows: size, columns: size, values: y, most: sums });
    this.#turned.label(`Cᵀ, ${turned.rows} × ${turned.columns}`);
    this.#turned.show({ rows: turned.rows, columns: turned.columns, values: shown ? turned.data : [], hue: (i) => (shown ? turnedHues.get(i) : undefined) });
    this.#z.label(`Cᵀ·y, ${input} × ${input}`);
    this.#z.show({ rows: input, columns: input, values: shown ? z : [], most: sums });
    this.#prove(now, shown);
  }

  /** Entries fly along the diagonal, from C to Cᵀ or back upon it. */
  #fly(turned: boolean): void {
    const now = this.#drawn.value;
    if (!now) return;
    const [from, to] = turned ? [this.#c, this.#turned] : [this.#turned, this.#c];
    const [rows, columns] = turned ? [now.c.columns, now.c.rows] : [now.c.rows, now.c.columns];
    const weights = new Set(now.links.map((l) => (turned ? l.input * columns + l.output : l.output * columns + l.input)));
    to.fly((i) => (weights.has(i) ? from.place((i % columns) * rows + Math.floor(i / columns))?.cell : undefined));
  }

  /** What pointer or focus are on. */
  #look(): Look | undefined {
    const grids = { entry: this.#c, turned: this.#turned, weight: this.#w, input: this.#x, output: this.#y, back: this.#z };
    const looks = Object.entries(grids).flatMap(([at, { active }]) => (active.value === undefined ? [] : [{ at: at as Look['at'], i: active.value }]));
    return looks[0];
  }

  #mark(): void {
    const now = this.#drawn.value;
    const look = this.#look();
    if (!now) return;
    const { c, links } = now;
    const shown = this.#state.turned.value;
    const [outputs, inputs] = [c.rows, c.columns];
    const joined = look ? through(look, links, outputs, inputs) : [];
    const marks = (kind: Look['at'], places: readonly number[]) => places.map((i): [number, Mark] => [i, look?.at === kind && look.i === i ? TARGET : SOURCE]);
    const looked = (kind: Look['at']) => (look?.at === kind ? [look.i] : []);
    const alone = look && joined.length === 0 && (look.at === 'entry' || look.at === 'turned') ? entryOf(look, outputs, inputs) : undefined;
    const places = (of: (link: Link) => number, zero: number | undefined) => [...new Set([...joined.map(of), ...(zero === undefined ? [] : [zero])])];
    const ins = places((l) => l.input, alone?.[1]);
    const outs = places((l) => l.output, alone?.[0]);
    this.#c.mark(marks('entry', [...places((l) => l.output * inputs + l.input, alone && alone[0] * inputs + alone[1]), ...looked('entry')]));
    this.#turned.mark(
      shown ? marks('turned', [...places((l) => l.input * outputs + l.output, alone && alone[1] * outputs + alone[0]), ...looked('turned')]) : [],
    );
    this.#w.mark(marks('weight', [...places((l) => l.weight, undefined), ...looked('weight')]));
    this.#x.mark(marks('input', [...ins, ...looked('input')]));
    this.#y.mark(marks('output', [...outs, ...looked('output')]));
    this.#z.mark(shown ? marks('back', [...ins, ...looked('back')]) : []);
    this.#say(look, joined, now);
  }

  #say(look: Look | undefined, joined: readonly Link[], { setting, size, c, x, w, y, z }: Product): void {
    const name = (of: string, side: number, i: number) => `${of}[${Math.floor(i / side)}, ${i % side}]`;
    const input = (i: number) => name('x', setting.input, i);
    const output = (i: number) => name('y', size, i);
    const weight = (i: number) => name('w', setting.kernel, i);
    const sum = (terms: readonly (readonly [number, number])[]) => terms.map(([a, b]) => `${bracketed(a)}·${bracketed(b)}`).join(' + ') || '0';
    let text = 'An entry of C in row o and column i is the weight with which output o hears input i; the same weight has the same colour everywhere.';
    if (look?.at === 'entry' || look?.at === 'turned') {
      const [o, i] = entryOf(look, c.rows, c.columns);
      const [entry, other] = [`C[${o}, ${i}]`, `Cᵀ[${i}, ${o}]`];
      const link = joined[0];
      text = link
        ? `${entry} = ${other} = ${weight(link.weight)} = ${short(w[link.weight]!, 3)}. In C, ${output(o)} hears ${input(i)} with it; in Cᵀ the same path leads back.`
        : `${entry} = ${other} = 0: ${output(o)} does not hear ${input(i)}, and there is no way back.`;
    } else if (look?.at === 'weight') {
      text = `${weight(look.i)} = ${short(w[look.i]!, 3)} stands ${many(joined.length, 'time')} in C, and as often in Cᵀ${joined.length < c.rows ? ': elsewhere it falls outside x' : ''}.`;
    } else if (look?.at === 'input') {
      text = `${input(look.i)} is column ${look.i} of C: ${many(joined.length, 'output')} ${joined.length === 1 ? 'hears' : 'hear'} it.`;
    } else if (look?.at === 'output') {
      text = `${output(look.i)} is row ${look.i} of C times x: ${sum(joined.map((l) => [w[l.weight]!, x[l.input]!]))} = ${short(y[look.i]!, 3)}.`;
    } else if (look?.at === 'back' && this.#state.turned.value) {
      const total = short(z[look.i]!, 3);
      text = `Row ${look.i} of Cᵀ times y: ${sum(joined.map((l) => [w[l.weight]!, y[l.output]!]))} = ${total}. ${input(look.i)} was ${short(x[look.i]!, 3)}.`;
    }
    const line = this.find('.matrix-says');
    if (line.textContent !== text) line.textContent = text;
  }

  #prove({ setting: { input }, size, x, z }: Product, shown: boolean): void {
    const same = x.filter((v, i) => Math.abs(v - z[i]!) < 1e-6).length;
    const far = x.reduce((most, v, i) => Math.max(most, Math.abs(v - z[i]!)), 0);
    const kernels = 'The kernels conv2d and convTranspose2d make the same numbers without any matrix: the badge below compares them.';
    this.find('.matrix-proof').textContent = shown
      ? `x is ${input} × ${input}, C·x is ${size} × ${size}, Cᵀ·C·x is ${input} × ${input} again: the shape is restored. The values are not: ${same} of ${x.length} are what they were, and the largest difference is ${short(far, 3)}. ${kernels}`
      : `Transpose C, and the way back appears. ${kernels}`;
  }
}
