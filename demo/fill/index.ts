import { list } from '../kit/code.ts';
import { choice, range } from '../kit/controls.ts';
import { Edges } from '../kit/edges.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { math } from '../kit/math.ts';
import { short } from '../kit/numbers.ts';
import { numbers, remembered, whole, word } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import markup from './fill.html?raw';
import { KernelPlot, Ruler } from './plots.ts';
import { enlargement, kernel, lineWeights, RULES, type Rule, samplePoints, units, WAYS, type Way } from './ways.ts';

/** The largest input; smaller ones are its corner. */
const MOST = 4;

/** The numbers of one computation. */
interface Filled {
  readonly from: number;
  readonly to: number;
  readonly x: readonly number[];
  /** Empty where the library makes no such result. */
  readonly y: ArrayLike<number>;
  /** Of input i in output o: weights[i * to² + o]. */
  readonly weights: ArrayLike<number>;
}

/** Which inputs an output hears, and how loudly. */
export class FillPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    way: word('bilinear', Object.keys(WAYS) as Way[]),
    rule: word('half', Object.keys(RULES) as Rule[]),
    from: whole(2, 2, MOST),
    to: whole(4, 2, 9),
    at: whole(5, 0, 80),
    x: numbers([2, 8, 3, 5, 6, 1, 7, 2, 4, 9, 0, 6, 1, 5, 8, 3]),
  });
  readonly #drawn = signal<Filled | undefined>(undefined);
  readonly #x = new Grid({ label: 'x', edit: (i, value) => this.#set(i, value) });
  readonly #y = new Grid({ label: 'y' });

  start(): void {
    const { way, rule, from, to, at } = this.#state;
    const grids = this.find('.fill-grids');
    grids.append(this.#x.element, this.#y.element);
    const edges = new Edges(grids);
    this.find('.controls').append(
      choice({ label: 'Way', value: way, options: WAYS }),
      choice({ label: 'Coordinates', value: rule, options: RULES }),
      range({ label: 'Input', value: from, min: 2, max: MOST, text: (n) => `${n} × ${n}` }),
      range({ label: 'Result', value: to, min: 2, max: 9, text: (n) => `${n} × ${n}` }),
    );
    effect(() => this.#enlarge());
    effect(() => {
      const seen = this.#y.active.value;
      if (seen !== undefined) at.value = seen; // stays when the pointer leaves
    });
    effect(() => {
      if (this.#drawn.value) this.#show(this.#drawn.value);
    });
    effect(() => {
      if (this.#drawn.value) this.#link(this.#drawn.value, edges);
    });
    this.#plots();
  }

  #show({ from, to, x, y }: Filled): void {
    const most = Math.max(...Array.from(y, Math.abs), ...x.map(Math.abs));
    this.#x.label(`x, ${from} × ${from}`);
    this.#y.label(`y, ${to} × ${to}`);
    this.#x.show({ rows: from, columns: from, values: x, most });
    this.#y.show({ rows: to, columns: to, values: y, most });
  }

  /** The sources of an output; or the outputs of an input, while that is pointed at. */
  #link({ from, to, x, y, weights }: Filled, edges: Edges): void {
    const weight = (i: number, o: number) => weights[i * to ** 2 + o] ?? 0;
    const asked = this.#x.active.value;
    const heard = asked !== undefined && asked < x.length;
    const at = Math.min(this.#state.at.value, to ** 2 - 1);
    const noted = (kind: Mark['kind'], w: number): Mark => ({ kind, note: Math.abs(w) < 5e-4 ? '≈ 0' : short(w, 3) });
    const pairs = heard
      ? Array.from({ length: to ** 2 }, (_, o) => ({ i: asked, o, weight: weight(asked, o) }))
      : x.map((_, i) => ({ i, o: at, weight: weight(i, at) }));
    const linked = pairs.filter((pair) => pair.weight !== 0);
    this.#x.mark(heard ? [[asked, { kind: 'target' }]] : linked.map(({ i, weight }) => [i, noted('source', weight)]));
    this.#y.mark(heard ? linked.map(({ o, weight }) => [o, noted('source', weight)]) : y.length ? [[at, { kind: 'target' }]] : []);
    edges.show(
      heard
        ? []
        : linked.map(({ i, o, weight }) => ({
            from: () => this.#x.place(i),
            to: () => this.#y.place(o),
            weight,
            label: from === 2 ? short(weight, 4) : '', // in larger inputs the cells say it
          })),
    );
    const name = (letter: string, length: number, i: number) => `${letter}[${Math.floor(i / length)}, ${i % length}]`;
    const factor = (v: number) => (v < 0 ? `(${short(v, 3)})` : short(v, 3));
    const terms = linked.map(({ i, weight }) => `${short(weight, 4)} · ${factor(x[i]!)}`).join(' + ');
    const outputs = `${linked.length} ${linked.length === 1 ? 'cell' : 'cells'} of the result`;
    this.find('.fill-sum').textContent = heard
      ? `${name('x', from, asked)} = ${short(x[asked]!, 3)} is heard by ${outputs}, each with its weight.`
      : y.length
        ? `${name('y', to, at)} = ${terms ? `${terms.replaceAll('+ −', '− ')} = ${short(y[at]!, 4)}` : '0: no input comes here.'}`
        : '';
  }

  /** Ruler and kernel, along the row of the chosen cell. */
  #plots(): void {
    const { way, rule, from, to, at } = this.#state;
    const ruler = new Ruler(this.find('.fill-ruler'));
    const plot = new KernelPlot(this.find('.fill-kernel'));
    const curve = signal<ReturnType<typeof kernel>>([]);
    effect(() => {
      curve.value = kernel(way.value, rule.value);
    });
    effect(() => {
      const nails = way.value === 'nails';
      this.find('.fill-ruler').hidden = nails;
      this.find('.fill-note').replaceChildren(...(nails ? [NAILS] : NOTES[rule.value]()));
    });
    effect(() => {
      const nails = way.value === 'nails';
      const [n, m] = [from.value, to.value];
      const column = Math.min(at.value, m ** 2 - 1) % m;
      const points = samplePoints(nails ? 'asymmetric' : rule.value, n, m);
      const here = points[column]!;
      const weights = nails && m % n ? [] : lineWeights(way.value, rule.value, n, m); // the library refuses others
      ruler.show(n, points, column);
      plot.show(
        curve.value,
        nails,
        weights.flatMap((row, s) => (row[column] ? [{ distance: here - s, weight: row[column]! }] : [])),
      );
      const reach = way.value === 'bilinear' ? 0 : way.value === 'bicubic' ? 1 : Number.POSITIVE_INFINITY;
      const outside = here < reach || here > n - 1 - reach;
      this.find('.fill-border').textContent =
        `Along the row of the chosen cell.${reach < 2 && outside ? ' At the border, a source that is missing leaves its weight to the last one there is.' : ''}`;
    });
  }

  #set(i: number, value: number): void {
    const { x, from } = this.#state;
    const at = Math.floor(i / from.value) * MOST + (i % from.value);
    x.value = x.value.map((v, k) => (k === at ? value : v));
  }

  #enlarge(): void {
    const { way, rule, from, to, x } = this.#state;
    const [n, m] = [from.value, to.value];
    const values = Array.from({ length: n * n }, (_, i) => x.value[Math.floor(i / n) * MOST + (i % n)] ?? 0);
    const call = enlargement(way.value, rule.value, [n, n], [m, m]);
    const accepted = this.compute({
      inputs: { x: { data: values, shape: [1, 1, n, n] }, ones: { data: units(n * n), shape: [n * n, 1, n, n] } },
      gpu: ({ x, ones }) => [call.gpu(x), call.gpu(ones)],
      cpu: ({ x, ones }) => [call.cpu(x), call.cpu(ones)],
      show: (y, weights) => {
        this.#drawn.value = { from: n, to: m, x: values, y: y!.data, weights: weights!.data };
      },
    });
    if (!accepted) this.#drawn.value = { from: n, to: m, x: values, y: [], weights: [] };
    this.code.show(
      [
        `import { createContext, ${call.name} } from 'webgpu-upsample'`,
        '',
        'const ctx = await createContext()',
        `const x = ctx.tensor(${list(values)}, [1, 1, ${n}, ${n}])`,
        `const y = ${call.name}(x, ${call.options}) // [1, 1, ${m}, ${m}]`,
        'console.log(await y.data())',
      ].join('\n'),
    );
  }
}

const NAILS = 'Nowhere: each input is copied to one place, and the rest is 0. There are no coordinates.';

/** Where output o of m looks, among n inputs. */
const NOTES: Readonly<Record<Rule, () => (Node | string)[]>> = {
  half: () => [
    math('(o + 0.5)·n/m − 0.5'),
    ': cells have centres, and the edges of both images coincide. PyTorch’s linear modes and ONNX do this unless told otherwise.',
  ],
  corners: () => [math('o·(n − 1)/(m − 1)'), ': the centres of the corner cells coincide, and the step is that of both sizes less one.'],
  asymmetric: () => [math('o·n/m'), ': cells are compared where they begin, which moves the picture by up to half a cell. PyTorch’s nearest does this.'],
};
