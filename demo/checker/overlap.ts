// How many stamps each result gets: bars in one dimension, a map in two; and the same as a gradient.
import { drawn, element } from '../kit/dom.ts';
import { Heatmap } from '../kit/heatmap.ts';
import { short } from '../kit/numbers.ts';

/** Counts along a line, as bars. */
class Bars {
  readonly element: HTMLElement;
  readonly #svg = drawn('svg', { role: 'img', class: 'checker-bars' });
  readonly #name = element('div', { class: 'grid-name', 'aria-hidden': 'true' });

  constructor() {
    this.element = element('div', {}, this.#name, this.#svg);
  }

  show(label: string, values: ArrayLike<number>, most: number): void {
    const [pitch, height, below] = [24, 90, 22];
    const list = Array.from(values);
    this.#name.textContent = label;
    this.#svg.setAttribute('viewBox', `0 0 ${pitch * list.length} ${height + below}`);
    this.#svg.style.setProperty('--bars', String(list.length));
    this.#svg.setAttribute('aria-label', `${label}: ${list.map((v) => short(v)).join(', ')}`);
    this.#svg.replaceChildren(
      ...list.flatMap((v, i) => {
        const tall = (height * v) / most;
        return [
          drawn('rect', { x: i * pitch + 1, y: height - tall, width: pitch - 2, height: tall, 'data-value': v }),
          drawn('text', { x: (i + 0.5) * pitch, y: height + 14 }, short(v)),
        ];
      }),
      drawn('path', { class: 'axis', d: `M0,${height}H${pitch * list.length}` }),
    );
  }
}

export interface Overlap {
  readonly dims: 1 | 2;
  readonly kernel: number;
  readonly stride: number;
  /** Results a side. */
  readonly side: number;
  /** Inputs a side. */
  readonly cells: number;
  readonly map: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

/** The two of them. */
export class OverlapFigure {
  readonly #bars = [new Bars(), new Bars()] as const;
  readonly #maps = [new Heatmap({ label: 'Stamps' }), new Heatmap({ label: 'Gradient' })] as const;

  constructor(host: HTMLElement) {
    host.append(...[...this.#bars, ...this.#maps].map((part) => part.element));
  }

  /** The value that is looked at in either map. */
  get looked(): number | undefined {
    return this.#maps[0].active.value ?? this.#maps[1].active.value;
  }

  show({ dims, side, map, gradient }: Overlap): void {
    const most = Math.max(...Array.from(map));
    const labels = [`convTranspose${dims}d of ones by ones`, `dx of conv${dims}d, for dy of ones`];
    for (const [i, values] of [map, gradient].entries()) {
      this.#bars[i]!.element.hidden = dims === 2;
      this.#maps[i]!.element.hidden = dims === 1;
      if (dims === 1) this.#bars[i]!.show(labels[i]!, values, most);
      else {
        this.#maps[i]!.label(labels[i]!, `${labels[i]}, ${side} × ${side}`);
        this.#maps[i]!.show({ rows: side, columns: side, values, most });
      }
    }
  }
}

/** Least and most stamps inside, where no border is missing any: between the first and the last input. */
export function inside({ dims, kernel, side, map }: Overlap): readonly [least: number, most: number] {
  const along = (at: number) => at >= kernel - 1 && at <= side - kernel;
  const counts = Array.from(map).filter((_, i) => (dims === 1 ? along(i) : along(Math.floor(i / side)) && along(i % side)));
  return [Math.min(...counts), Math.max(...counts)];
}
