import { list } from '../kit/code.ts';
import { choice, range } from '../kit/controls.ts';
import { Edges } from '../kit/edges.ts';
import { Grid, type Mark } from '../kit/grid.ts';
import { Lesson } from '../kit/lesson.ts';
import { short } from '../kit/numbers.ts';
import { numbers, remembered, whole, word } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import markup from './fill.html?raw';
import { KernelPlot, Ruler } from './plots.ts';
import { enlargement, kernel, lineWeights, RULES, type Rule, samplePoints, units, WAYS, type Way } from './ways.ts';

/** The largest input; smaller ones are its corner. */
const MOST = 4;

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
  /** What is drawn: x, y and weights[source][output], of one computation. */
  readonly #drawn = signal<{ from: number; to: number; x: readonly number[]; y: ArrayLike<number>; weights: ArrayLike<number> } | undefined>(undefined);

  start(): void {
    const state = this.#state;
    const grids = this.find('.fill-grids');
    const x = new Grid({ label: 'x', edit: (i, value) => this.#set(i, value) });
    const y = new Grid({ label: 'y' });
    grids.append(x.element, y.element);
    const edges = new Edges(grids);
    const ruler = new Ruler(this.find('.fill-ruler'));
    const plot = new KernelPlot(this.find('.fill-kernel'));
    this.find('.controls').append(
      choice({ label: 'Way', value: state.way, options: WAYS }),
      choice({ label: 'Coordinates', value: state.rule, options: RULES }),
      range({ label: 'Input', value: state.from, min: 2, max: MOST, text: (n) => `${n} × ${n}` }),
      range({ label: 'Result', value: state.to, min: 2, max: 9, text: (n) => `${n} × ${n}` }),
    );

    effect(() => this.#enlarge());
    effect(() => {
      const seen = y.active.value;
      if (seen !== undefined) state.at.value = seen;
    });
    effect(() => {
      const now = this.#drawn.value;
      if (!now) return;
      const most = Math.max(...Array.from(now.y, Math.abs), ...now.x.map(Math.abs));
      x.label(`x, ${now.from} × ${now.from}`);
      y.label(`y, ${now.to} × ${now.to}`);
      x.show({ rows: now.from, columns: now.from, values: now.x, most });
      y.show({ rows: now.to, columns: now.to, values: now.y, most });
    });
    effect(() => {
      const now = this.#drawn.value;
      if (!now) return;
      const at = Math.min(state.at.value, now.to ** 2 - 1);
      const sources = now.x.map((value, i) => ({ i, value, weight: now.weights[i * now.to ** 2 + at]! })).filter((s) => s.weight !== 0);
      y.mark([[at, { kind: 'target' }]]);
      x.mark(sources.map(({ i, weight }): [number, Mark] => [i, { kind: 'source', note: short(weight, 3) }]));
      edges.show(
        sources.map(({ i, weight }) => ({
          from: () => x.place(i),
          to: () => y.place(at),
          weight,
          label: now.from === 2 ? short(weight, 4) : '', // in larger inputs the cells say it
        })),
      );
      this.#say(at, now.to, sources, now.y[at]!);
    });
    effect(() => {
      const [way, rule, from, to] = [state.way.value, state.rule.value, state.from.value, state.to.value];
      if (way === 'nails' && to % from) return; // refused, and said so
      const column = Math.min(state.at.value, to ** 2 - 1) % to;
      this.find('.fill-ruler').hidden = way === 'nails';
      this.find('.fill-note').textContent =
        way === 'nails' ? 'Nowhere: each input is copied to one place, and the rest is 0. There are no coordinates.' : NOTES[rule];
      const points = samplePoints(way === 'nails' ? 'asymmetric' : rule, from, to);
      ruler.show(from, points, column);
      const weights = lineWeights(way, rule, from, to);
      const taps = weights.flatMap((row, s) => (row[column] ? [{ distance: points[column]! - s, weight: row[column]! }] : []));
      plot.show(kernel(way, rule), way === 'nails', taps);
      const outside =
        way !== 'nails' && (points[column]! < 0 || points[column]! > from - 1 || (way === 'bicubic' && (points[column]! < 1 || points[column]! > from - 2)));
      this.find('.fill-border').textContent =
        `Along the row of the chosen cell. ${outside && way !== 'nearest' ? 'Near the border, sources that are missing leave their weight to the last one.' : ''}`;
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
    this.compute({
      inputs: { x: { data: values, shape: [1, 1, n, n] }, ones: { data: units(n * n), shape: [n * n, 1, n, n] } },
      gpu: ({ x, ones }) => [call.gpu(x), call.gpu(ones)],
      cpu: ({ x, ones }) => [call.cpu(x), call.cpu(ones)],
      show: (y, weights) => {
        this.#drawn.value = { from: n, to: m, x: values, y: y!.data, weights: weights!.data };
      },
    });
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

  /** The sum of a cell, in full where it is short. */
  #say(at: number, to: number, sources: readonly { value: number; weight: number }[], result: number): void {
    const product = ({ value, weight }: { value: number; weight: number }) => `${short(weight, 4)} · ${value < 0 ? `(${short(value, 3)})` : short(value, 3)}`;
    const name = `y[${Math.floor(at / to)}, ${at % to}] = `;
    const terms = sources.map(product).join(' + ').replaceAll('+ −', '− ');
    this.find('.fill-sum').textContent = sources.length ? `${name}${terms} = ${short(result, 4)}` : `${name}0: no input comes here.`;
  }
}

const NOTES: Readonly<Record<Rule, string>> = {
  half: 'Half-pixel: cells have centres, and the edges of both images coincide. What PyTorch, ONNX and browsers do unless told otherwise.',
  corners: 'Align corners: the centres of the corner cells coincide, so the step depends on both sizes less one.',
  asymmetric: 'Asymmetric: the top left corners of cells are compared, so everything moves half a cell or so. PyTorch’s nearest does this.',
};
