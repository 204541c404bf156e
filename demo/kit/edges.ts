// Lines from cells to cells, over a figure: new Edges(figure).show([{ from: () => x.box(0), to: () => y.box(5), weight: 0.25 }]).
import { drawn } from './dom.ts';
import { short } from './numbers.ts';

export interface Edge {
  /** Where it begins and ends on the screen, asked whenever it is drawn. */
  readonly from: () => DOMRect | undefined;
  readonly to: () => DOMRect | undefined;
  /** Width and colour of the line, as a share of `most`. */
  readonly weight: number;
  /** What is written on it. */
  readonly label?: string;
}

export class Edges {
  readonly #host: HTMLElement;
  readonly #svg = drawn('svg', { class: 'edges', 'aria-hidden': 'true' });
  #edges: readonly Edge[] = [];

  /** @param host the figure, which must be positioned */
  constructor(host: HTMLElement) {
    this.#host = host;
    host.append(this.#svg as unknown as Node);
    new ResizeObserver(() => this.#draw()).observe(host);
  }

  show(edges: readonly Edge[]): void {
    this.#edges = edges;
    this.#draw();
  }

  #draw(): void {
    const origin = this.#host.getBoundingClientRect();
    const most = this.#edges.reduce((a, { weight }) => Math.max(a, Math.abs(weight)), 0) || 1;
    const lines = this.#edges.flatMap(({ from, to, weight, label }) => {
      const [a, b] = [from(), to()];
      if (!a || !b) return [];
      const beside = b.left > a.right || a.left > b.right;
      const side = (box: DOMRect, other: DOMRect): readonly [number, number] =>
        beside
          ? [(other.left > box.left ? box.right : box.left) - origin.left, (box.top + box.bottom) / 2 - origin.top]
          : [(box.left + box.right) / 2 - origin.left, (other.top > box.top ? box.bottom : box.top) - origin.top];
      const [[x1, y1], [x2, y2]] = [side(a, b), side(b, a)];
      const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const bend = beside ? `${mx},${y1} ${mx},${y2}` : `${x1},${my} ${x2},${my}`;
      const line = drawn('path', {
        class: weight < 0 ? 'minus' : 'plus',
        d: `M${x1},${y1}C${bend} ${x2},${y2}`,
        'stroke-width': 1 + (4 * Math.abs(weight)) / most,
      });
      const text = label ?? short(weight, 3);
      return text ? [line, drawn('text', { x: mx, y: my }, text)] : [line];
    });
    this.#svg.replaceChildren(...lines);
  }
}
