// The two drawings below the grids: the ruler of sample points, and the kernel.
import { drawn } from '../kit/dom.ts';
import { short } from '../kit/numbers.ts';

/** Units of the drawings. */
const [WIDTH, HEIGHT] = [320, 132];

const canvas = (host: HTMLElement, label: string) => {
  const svg = drawn('svg', { class: 'plot', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
  host.append(svg);
  return svg;
};

/** Input cells on a line, and below it the place where each output looks. Points slide when the rule changes. */
export class Ruler {
  readonly #svg: SVGSVGElement;
  readonly #cells = drawn('g', { class: 'ruler-cells' });
  readonly #points = drawn('g', { class: 'ruler-points' });

  constructor(host: HTMLElement) {
    this.#svg = canvas(host, 'Sample points');
    this.#svg.append(this.#cells, this.#points);
  }

  show(from: number, points: readonly number[], active: number | undefined): void {
    const pitch = WIDTH / (from + 0.8);
    const x = (at: number) => (at + 0.9) * pitch;
    this.#svg.setAttribute('aria-label', `Sample points of ${points.length} outputs among ${from} inputs: ${points.map((p) => short(p, 3)).join(', ')}`);
    this.#cells.replaceChildren(
      ...Array.from({ length: from }, (_, i) =>
        drawn(
          'g',
          {},
          drawn('rect', { x: x(i - 0.5), y: 14, width: pitch, height: 34 }),
          drawn('circle', { cx: x(i), cy: 31, r: 3 }),
          drawn('text', { x: x(i), y: 7 }, String(i)),
        ),
      ),
    );
    while (this.#points.childElementCount > points.length) this.#points.lastChild!.remove();
    for (const [o, p] of points.entries()) {
      const point = (this.#points.children[o] as SVGGElement | undefined) ?? this.#points.appendChild(this.#point());
      point.style.transform = `translateX(${x(p).toFixed(2)}px)`;
      point.setAttribute('class', o === active ? 'active' : '');
      point.dataset['at'] = String(p);
      const text = point.querySelector('text')!;
      text.textContent = short(p);
      text.setAttribute('y', String(points.length > 5 && o % 2 ? 108 : 92)); // two rows, where one is too narrow
      point.querySelector('line')!.setAttribute('y2', String(points.length > 5 && o % 2 ? 99 : 83));
    }
  }

  #point(): SVGGElement {
    return drawn('g', {}, drawn('line', { y1: 40, y2: 83 }), drawn('path', { d: 'M0,31l5,9h-10z' }), drawn('text', { y: 92 }));
  }
}

/** A dot on the kernel: a source of the output that is looked at. */
export interface Tap {
  readonly distance: number;
  readonly weight: number;
}

/** Weight over distance. */
export class KernelPlot {
  readonly #svg: SVGSVGElement;

  constructor(host: HTMLElement) {
    this.#svg = canvas(host, 'Kernel');
  }

  show(curve: readonly (readonly [number, number])[], nail: boolean, taps: readonly Tap[]): void {
    const reach = 3;
    const x = (distance: number) => WIDTH / 2 + (distance / reach) * (WIDTH / 2);
    const y = (weight: number) => 96 - weight * 80;
    const near = curve.filter(([d]) => Math.abs(d) <= reach);
    const path = nail
      ? near
          .filter(([, w]) => w !== 0)
          .map(([d, w]) => `M${x(d)},${y(0)}V${y(w)}`)
          .join('')
      : `M${near.map(([d, w]) => `${x(d).toFixed(1)},${y(w).toFixed(1)}`).join('L')}`;
    const whole = [-3, -2, -1, 0, 1, 2, 3];
    this.#svg.setAttribute(
      'aria-label',
      `Kernel; this output’s sources: ${taps.map((t) => `weight ${short(t.weight, 3)} at distance ${short(t.distance, 3)}`).join('; ')}`,
    );
    this.#svg.replaceChildren(
      drawn('path', { class: 'axis', d: `M0,${y(0)}H${WIDTH}M${x(0)},${y(1.05)}V${y(-0.2)}` }),
      ...whole.map((d) => drawn('text', { x: Math.min(WIDTH - 8, Math.max(8, x(d))), y: 124 }, short(d))),
      drawn('text', { x: x(0) - 8, y: y(1.06) }, '1'),
      drawn('path', { class: 'curve', d: path }),
      ...taps.map(({ distance, weight }) =>
        drawn(
          'g',
          { class: 'tap' },
          drawn('line', { x1: x(distance), x2: x(distance), y1: y(0), y2: y(weight) }),
          drawn('circle', { cx: x(distance), cy: y(weight), r: 4.5 }),
        ),
      ),
    );
  }
}
