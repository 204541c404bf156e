// Lines from the cells of one grid to those of another, behind both: new Edges(figure).show([{ from: () => x.place(0), to: () => y.place(5), weight: 0.25 }]).
import { drawn } from './dom.ts';

/** Where a cell and its grid are on the screen. */
export interface Place {
  readonly cell: DOMRect;
  readonly grid: DOMRect;
}

export interface Edge {
  /** Where it begins and ends, asked whenever it is drawn. */
  readonly from: () => Place | undefined;
  readonly to: () => Place | undefined;
  /** Colour and, relative to the others, width of the line. */
  readonly weight: number;
  /** Written where the line leaves its grid, if the grids are side by side. */
  readonly label?: string;
}

export class Edges {
  readonly #host: HTMLElement;
  readonly #svg = drawn('svg', { class: 'edges', 'aria-hidden': 'true' });
  #edges: readonly Edge[] = [];

  /** @param host the figure that holds both grids; it must be positioned */
  constructor(host: HTMLElement) {
    this.#host = host;
    host.prepend(this.#svg);
    new ResizeObserver(() => this.#draw()).observe(host);
  }

  show(edges: readonly Edge[]): void {
    this.#edges = edges;
    this.#draw();
  }

  #draw(): void {
    const origin = this.#host.getBoundingClientRect();
    const most = this.#edges.reduce((a, { weight }) => Math.max(a, Math.abs(weight)), 0) || 1;
    const parts = this.#edges.map(({ from, to, weight, label }) => {
      const [a, b] = [from(), to()];
      if (!a || !b) return [];
      const beside = b.grid.left >= a.grid.right;
      // Seen along the way from grid to grid: u leads there, v is across.
      const u = (box: DOMRect, end: 'near' | 'far') =>
        beside ? (end === 'near' ? box.left : box.right) - origin.left : (end === 'near' ? box.top : box.bottom) - origin.top;
      const v = (box: DOMRect, share: number) => (beside ? box.top + share * box.height - origin.top : box.left + share * box.width - origin.left);
      const at = (along: number, across: number) => (beside ? `${along.toFixed(1)},${across.toFixed(1)}` : `${across.toFixed(1)},${along.toFixed(1)}`);
      // Lines from cells in a row leave one below the other: each as far down its cell as the cell is along its grid.
      const lane = ((u(a.cell, 'near') + u(a.cell, 'far')) / 2 - u(a.grid, 'near')) / (u(a.grid, 'far') - u(a.grid, 'near'));
      const [leave, arrive] = [u(a.grid, 'far'), u(b.grid, 'near')];
      const [v1, v2, middle] = [v(a.cell, lane), v(b.cell, 0.5), (leave + arrive) / 2];
      const line = drawn('path', {
        class: weight < 0 ? 'minus' : 'plus',
        d: `M${at(u(a.cell, 'far'), v1)}L${at(leave, v1)}C${at(middle, v1)} ${at(middle, v2)} ${at(arrive, v2)}L${at(u(b.cell, 'near'), v2)}`,
        'stroke-width': (1 + (4 * Math.abs(weight)) / most).toFixed(2),
      });
      return label && beside ? [line, drawn('text', { x: leave + 8, y: v1 }, label)] : [line];
    });
    // Labels lie above all lines.
    this.#svg.replaceChildren(...parts.flatMap((p) => p.slice(0, 1)), ...parts.flatMap((p) => p.slice(1)));
  }
}
