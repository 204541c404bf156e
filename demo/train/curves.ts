// Loss curves, drawn by uPlot in the page's colours and at the page's text size.
import uPlot from 'uplot';
import { night } from '../kit/heatmap.ts';
import { effect } from '../signal.ts';

/** A line of the plot. */
export interface Line {
  readonly name: string;
  /** The custom property that has its colour. */
  readonly colour: string;
  readonly dash: readonly number[];
}

/** Most points of a line: where there are more values, a point is the mean of some. */
const POINTS = 600;
/** Steps and losses that the axes show at least. */
const [STEPS, LOW, HIGH] = [20, 0.4, 0.8];

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const textSize = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/** Means of `size` values each; the last of what there is. */
const means = (values: readonly number[], size: number): number[] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, i) => {
    const some = values.slice(i * size, (i + 1) * size);
    return some.reduce((a, b) => a + b) / some.length;
  });

/** What a logarithmic axis names between two values. */
function ticks(low: number, high: number): number[] {
  const out: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) for (const by of [1, 2, 3, 5]) out.push(by * power);
  return out.filter((v) => v >= low * 0.999 && v <= high * 1.001);
}

export class Curves {
  readonly #host: HTMLElement;
  readonly #lines: readonly Line[];
  #plot: uPlot | undefined;
  #data: uPlot.AlignedData;
  #text = 0;

  constructor(host: HTMLElement, lines: readonly Line[]) {
    this.#host = host;
    this.#lines = lines;
    this.#data = [[0], ...lines.map(() => [null])];
    new ResizeObserver(() => this.#fit()).observe(host);
    effect(() => {
      night.value; // the colours are others then
      this.#plot?.redraw();
    });
  }

  /** Shows the losses of each line, step by step.
   * @param spoken what they have come to, for those who listen */
  show(losses: readonly (readonly number[])[], spoken: string): void {
    const steps = Math.max(1, ...losses.map((line) => line.length));
    const size = Math.ceil(steps / POINTS);
    const x = Array.from({ length: Math.ceil(steps / size) }, (_, i) => Math.min(steps, (i + 0.5) * size + 0.5));
    const lines = losses.map((line) => means(line, size));
    this.#data = [x, ...lines.map((line) => x.map((_, i) => line[i] ?? null))];
    this.#plot?.setData(this.#data);
    this.#plot?.ctx.canvas.setAttribute('aria-label', spoken);
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (!width || !height) return;
    if (this.#plot && this.#text === textSize()) {
      this.#plot.setSize({ width, height });
      return;
    }
    const label = this.#plot?.ctx.canvas.getAttribute('aria-label') ?? 'Loss curves';
    this.#plot?.destroy();
    this.#text = textSize();
    this.#plot = new uPlot({ width, height, ...this.#look() }, this.#data, this.#host);
    this.#plot.ctx.canvas.setAttribute('role', 'img');
    this.#plot.ctx.canvas.setAttribute('aria-label', label);
  }

  #look(): Omit<uPlot.Options, 'width' | 'height'> {
    const text = this.#text;
    const font = `${0.75 * text}px ${css('--sans')}`;
    const line = { stroke: () => css('--line'), width: 1 };
    const axis = { stroke: () => css('--soft'), grid: line, ticks: line, font, labelFont: font, labelSize: 1.3 * text };
    return {
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, __, high) => [0, Math.max(STEPS, high ?? 0)] },
        y: { distr: 3, range: (_, low, high) => [Math.min(LOW, 0.9 * (low ?? LOW)), Math.max(HIGH, 1.1 * (high ?? HIGH))] },
      },
      axes: [
        { ...axis, size: 1.8 * text, label: 'steps' },
        {
          ...axis,
          size: 3.2 * text,
          splits: (_, __, low, high) => ticks(low, high),
          filter: (_, splits) => splits,
          values: (_, splits) => splits.map((v) => String(Number(v.toPrecision(2)))),
        },
      ],
      series: [
        {},
        ...this.#lines.map(
          ({ name, colour, dash }): uPlot.Series => ({
            label: name,
            stroke: () => css(colour),
            width: 2,
            dash: [...dash],
            points: { show: (u) => u.data[0].length < 2 },
          }),
        ),
      ],
    };
  }
}
