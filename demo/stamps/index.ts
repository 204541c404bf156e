import { convTranspose1d, convTranspose2d } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { list, options } from '../kit/code.ts';
import { choice, range } from '../kit/controls.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { Formula } from '../kit/math.ts';
import { short } from '../kit/numbers.ts';
import { scrubber } from '../kit/scrubber.ts';
import { numbers, remembered, whole, word } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import { covered, inFull, inResult, placeOf, reached, resulting, type Setting, stamps, touches } from './setting.ts';
import markup from './stamps.html?raw';

/** Input cells a side, and the largest kernel. */
const CELLS = { 1: 4, 2: 3 } as const;
const KERNEL = 4;

/** The numbers of one computation. */
interface Stamped {
  readonly setting: Setting;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: ArrayLike<number>;
  /** The uncut result of each input cell alone. */
  readonly single: ArrayLike<number>;
  /** The uncut result after 0, 1, 2, … stamps. */
  readonly sums: ArrayLike<number>;
}

const bracketed = (v: number) => (v < 0 ? `(${short(v, 3)})` : short(v, 3));

/** Input times kernel, added up where stamps overlap. */
export class StampsPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    dims: word('1', ['1', '2']),
    kernel: whole(3, 1, KERNEL),
    stride: whole(2, 1, 4),
    padding: whole(0, 0, 4),
    op: whole(0, 0, 3),
    dilation: whole(1, 1, 2),
    step: whole(2, 0, CELLS[2] ** 2),
    x1: numbers([2, 3, 1, 4]),
    w1: numbers([2, 1, 2, 1]),
    x2: numbers([2, 3, 1, 1, 2, 4, 3, 1, 2]),
    w2: numbers([2, 1, 2, 1, 1, 3, 1, 0, 2, 1, 2, 1, 1, 0, 1, 2]),
  });
  readonly #drawn = signal<Stamped | undefined>(undefined);
  readonly #x = new Grid({ label: 'x', edit: (i, value) => this.#edit('x', i, value) });
  readonly #w = new Grid({ label: 'w', edit: (i, value) => this.#edit('w', this.#inKernel(i), value) });
  readonly #rows = new Grid({ label: 'Stamps, x · w, one a row' });
  readonly #y = new Grid({ label: 'y' });

  start(): void {
    const state = this.#state;
    this.find('.stamps-grids').append(this.#w.element, this.#x.element, this.#rows.element, this.#y.element);
    this.find('.stamps-player').append(scrubber(this, { label: 'Stamps', at: state.step, last: () => stamps(this.#setting) }));
    this.find('.controls').append(
      choice({ label: 'Dimensions', value: state.dims, options: { 1: '1-D', 2: '2-D' } }),
      range({ label: 'Kernel k', value: state.kernel, min: 1, max: KERNEL }),
      range({ label: 'Stride s', value: state.stride, min: 1, max: 4 }),
      range({ label: 'Padding p', value: state.padding, min: 0, max: 4 }),
      range({ label: 'Output padding op', value: state.op, min: 0, max: 3 }),
      range({ label: 'Dilation d', value: state.dilation, min: 1, max: 2 }),
    );
    const formula = new Formula();
    this.find('.stamps-size').append(formula.element);
    effect(() => this.#size(formula));
    effect(() => this.#stamp());
    effect(() => this.#draw());
  }

  get #setting(): Setting {
    const { dims, kernel, stride, padding, op, dilation } = this.#state;
    const n = dims.value === '1' ? 1 : 2;
    return {
      dims: n,
      cells: CELLS[n],
      kernel: kernel.value,
      stride: stride.value,
      padding: padding.value,
      outputPadding: op.value,
      dilation: dilation.value,
    };
  }

  /** A cell of the kernel that is shown, in the largest kernel, which is remembered. */
  #inKernel(i: number): number {
    const { dims, kernel } = this.#setting;
    const [r, c] = placeOf(dims, kernel, i);
    return r * KERNEL + c;
  }

  #edit(which: 'x' | 'w', i: number, value: number): void {
    const numbers = this.#state[`${which}${this.#setting.dims}`];
    numbers.value = numbers.value.map((v, k) => (k === i ? value : v));
  }

  #stamp(): void {
    const setting = this.#setting;
    const { dims, cells, kernel, stride, padding, outputPadding, dilation } = setting;
    const n = stamps(setting);
    const given = this.#state[`x${dims}`].value;
    const x = Array.from({ length: n }, (_, i) => given[i] ?? 0);
    const w = Array.from({ length: kernel ** dims }, (_, i) => this.#state[`w${dims}`].value[this.#inKernel(i)] ?? 0);
    const shape = new Array<number>(dims).fill(cells);
    const taps = new Array<number>(dims).fill(kernel);
    const bare = { stride, dilation };
    const settings = { stride, padding, outputPadding, dilation };
    const gpu = dims === 1 ? convTranspose1d : convTranspose2d;
    const cpu = dims === 1 ? reference.convTranspose1d : reference.convTranspose2d;
    const inputs = {
      x: { data: x, shape: [1, 1, ...shape] },
      w: { data: w, shape: [1, 1, ...taps] },
      single: { data: Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : x[i % n]!)), shape: [n, 1, ...shape] },
      some: { data: Array.from({ length: (n + 1) * n }, (_, i) => (i % n < Math.floor(i / n) ? x[i % n]! : 0)), shape: [n + 1, 1, ...shape] },
    };
    const accepted = this.compute({
      inputs,
      gpu: ({ x, w, single, some }) => [gpu(x, w, settings), gpu(single, w, bare), gpu(some, w, bare)],
      cpu: ({ x, w, single, some }) => [cpu(x, w, settings), cpu(single, w, bare), cpu(some, w, bare)],
      show: (y, single, sums) => {
        this.#drawn.value = { setting, x, w, y: y!.data, single: single!.data, sums: sums!.data };
      },
    });
    if (!accepted) {
      // The stamps themselves are possible: what is refused is what is made of them.
      const [single, sums] = [cpu(inputs.single, inputs.w, bare).data, cpu(inputs.some, inputs.w, bare).data];
      this.#drawn.value = { setting, x, w, y: [], single, sums };
    }
    const name = `convTranspose${dims}d`;
    const length = resulting(setting);
    this.code.show(
      [
        `import { createContext, ${name} } from 'webgpu-upsample'`,
        '',
        'const ctx = await createContext()',
        `const x = ctx.tensor(${list(x)}, [1, 1, ${shape.join(', ')}])`,
        `const w = ctx.tensor(${list(w)}, [1, 1, ${taps.join(', ')}])`,
        `const y = ${name}(x, w, ${options(settings)})${length > 0 ? ` // [1, 1, ${shape.map(() => length).join(', ')}]` : ''}`,
        'console.log(await y.data())',
      ].join('\n'),
    );
  }

  #draw(): void {
    const now = this.#drawn.value;
    if (!now) return;
    const { setting: s, x, w, y, single, sums } = now;
    const { dims, cells, kernel } = s;
    const n = stamps(s);
    const step = Math.min(this.#state.step.value, n);
    const [side, full] = [covered(s), reached(s) ** dims];
    const drawn = side ** dims;
    const last = step - 1;
    const of = (data: ArrayLike<number>, k: number, cell: number) => {
      const at = inFull(s, cell);
      return at === undefined ? 0 : data[k * full + at]!;
    };
    /** The last step shows the result itself, where it is not cut off. */
    const sum = (cell: number) => {
      const at = inResult(s, cell);
      return step === n && at !== undefined ? (y[at] ?? of(sums, step, cell)) : of(sums, step, cell);
    };
    const twice = (cell: number) => touches(s, last, cell) && Array.from({ length: last }, (_, k) => k).some((k) => touches(s, k, cell));
    const overlap = (cell: number) => [short(of(sums, last, cell)), '+', bracketed(of(single, last, cell)), '='];
    const most = Math.max(...Array.from(sums, Math.abs), 1);
    const flat = dims === 1;
    const grids = this.find('.stamps-grids');
    grids.dataset['dims'] = String(dims);
    grids.classList.toggle('dense', side > (flat ? 16 : 10));

    this.#x.label(flat ? 'x' : `x, ${cells} × ${cells}`);
    this.#x.show({ rows: cells, columns: flat ? 1 : cells, values: x });
    this.#w.label(flat ? 'w, the stamp' : `w, ${kernel} × ${kernel}`);
    this.#w.show({ rows: flat ? 1 : kernel, columns: kernel, values: w });
    this.#rows.element.hidden = !flat;
    if (flat) {
      const values = Array.from({ length: n * side }, (_, i) => {
        const [stamp, cell] = [Math.floor(i / side), i % side];
        return stamp < step && touches(s, stamp, cell) ? of(single, stamp, cell) : undefined;
      });
      this.#rows.show({ rows: n, columns: side, values, most });
    }
    const length = resulting(s);
    this.#y.label(step < n ? 'y so far' : length < 1 ? 'y: nothing is left' : `y, ${flat ? `${length} cells` : `${length} × ${length}`}`);
    this.#y.show({
      rows: flat ? 1 : side,
      columns: side,
      values: Array.from({ length: drawn }, (_, i) => sum(i)),
      most,
      cut: (i) => inResult(s, i) === undefined,
    });

    // What belongs together: the last stamp, or the cell of the result that is looked at.
    const seen = this.#y.active.value;
    const looked = seen !== undefined && seen < drawn ? seen : undefined;
    const sources = Array.from({ length: step }, (_, k) => k).filter((k) => (looked === undefined ? k === last : touches(s, k, looked)));
    const source: Mark = { kind: 'source' };
    this.#x.mark(sources.map((k) => [k, source]));
    const touched = Array.from({ length: drawn }, (_, i) => i).filter((i) => touches(s, last, i));
    if (looked === undefined) this.#y.mark(touched.map((i) => [i, twice(i) ? { kind: 'flash', before: overlap(i).join('') } : source]));
    else this.#y.mark([[looked, { kind: 'target' }]]);
    if (flat) this.#rows.mark(looked === undefined ? touched.map((i) => [last * side + i, source]) : sources.map((k) => [k * side + looked, source]));

    if (looked !== undefined) {
      const at = inResult(s, looked);
      const name = at === undefined ? 'This cell is cut off by padding: ' : `y[${flat ? at : placeOf(2, length, at).join(', ')}] = `;
      const terms = sources.map((k) => bracketed(of(single, k, looked))).join(' + ');
      this.#say(`${name}${terms ? `${terms}${sources.length > 1 ? ` = ${short(sum(looked), 3)}` : ''}` : '0, no stamp comes here'}.`);
    } else if (!step) this.#say('Nothing is stamped yet.');
    else {
      const cellsTwice = touched.filter(twice);
      const sumsUp = cellsTwice
        .slice(0, 4)
        .map((i) => `${overlap(i).join(' ')} ${short(of(sums, step, i))}`)
        .join(', ');
      const overlaps = cellsTwice.length
        ? ` It overlaps what is there in ${cellsTwice.length} ${cellsTwice.length > 1 ? 'cells' : 'cell'}: ${sumsUp}${cellsTwice.length > 4 ? ' and so on' : ''}.`
        : '';
      this.#say(`Stamp ${step} of ${n}: ${short(x[last]!, 3)} times the kernel.${overlaps}`);
    }
  }

  #say(text: string): void {
    const line = this.find('.stamps-says');
    if (line.textContent !== text) line.textContent = text;
  }

  #size(formula: Formula): void {
    const s = this.#setting;
    const { cells: i, kernel: k, stride, padding: p, outputPadding: op, dilation: d } = s;
    const size = resulting(s);
    formula.show(
      [
        ["'size'", short(size), size < 1],
        ['=', '='],
        ['(i − 1)·s', `(${i} − 1)·${stride}`],
        ['− 2·p', `− 2·${p}`],
        ['+ d·(k − 1)', `+ ${d}·(${k} − 1)`],
        ["+ 'op'", `+ ${op}`],
        ['+ 1', '+ 1'],
      ],
      `Size of the result along an axis: (${i} − 1) times ${stride}, minus 2 times ${p}, plus ${d} times (${k} − 1), plus ${op}, plus 1 is ${size}.`,
    );
  }
}
