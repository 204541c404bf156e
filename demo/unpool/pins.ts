// Indices as pins: one where a value was picked, one where it is put back, and between them one that flies.
import { drawn } from '../kit/dom.ts';
import type { Place } from '../kit/edges.ts';
import { still } from '../kit/motion.ts';

export interface Pin {
  readonly picked: () => Place | undefined;
  /** The pooled cell that carries the index. */
  readonly carried: () => Place | undefined;
  readonly put: () => Place | undefined;
  /** An angle in the colour circle: that of its window. */
  readonly hue: number;
}

/** A pin whose tip is at 0, 0. */
const SHAPE = 'M0,0C-1.2,-3 -4,-5 -4,-8.2a4,4 0 1 1 8,0C4,-5 1.2,-3 0,0z';
const FLIGHT = 1300;

export class Pins {
  readonly #host: HTMLElement;
  readonly #svg = drawn('svg', { class: 'pins', 'aria-hidden': 'true' });
  #pins: readonly Pin[] = [];

  /** @param host what holds the grids; it must be positioned */
  constructor(host: HTMLElement) {
    this.#host = host;
    host.append(this.#svg);
    new ResizeObserver(() => this.#draw()).observe(host);
  }

  show(pins: readonly Pin[]): void {
    this.#pins = pins;
    this.#draw();
  }

  /** Pins fly from where values were picked to where they are put. Still where stillness is preferred. */
  fly(): void {
    if (still()) return;
    for (const [i, { picked, carried, put, hue }] of this.#pins.entries()) {
      const ways = [this.#at(picked()), this.#at(carried()), this.#at(put())];
      if (ways.some((way) => way === undefined)) continue;
      const [from, via, to] = ways as [string, string, string];
      const flying = this.#pin('flying', hue, from);
      this.#svg.append(flying);
      const delay = 90 * i;
      const flight = flying.animate(
        [
          { transform: from, easing: 'ease-in-out' },
          { transform: via, offset: 0.4 },
          { transform: via, offset: 0.55, easing: 'ease-in-out' },
          { transform: to },
        ],
        { duration: FLIGHT, delay, fill: 'both' },
      );
      flight.onfinish = () => flying.remove();
      const waiting = this.#svg.querySelector(`[data-put="${i}"]`);
      waiting?.animate([{ opacity: 0 }, { opacity: 0 }], { duration: FLIGHT, delay, fill: 'backwards' });
    }
  }

  #draw(): void {
    this.#svg.replaceChildren(
      ...this.#pins.flatMap(({ picked, put, hue }, i) =>
        [this.#pin('picked', hue, this.#at(picked())), this.#pin('put', hue, this.#at(put()), i)].filter((pin) => pin.style.transform !== ''),
      ),
    );
  }

  #pin(kind: 'picked' | 'put' | 'flying', hue: number, at: string | undefined, i?: number): SVGPathElement {
    const pin = drawn('path', { class: `pin ${kind}`, d: SHAPE, 'data-put': i, style: `--hue: ${hue}deg` });
    if (at !== undefined) pin.style.transform = at;
    return pin;
  }

  /** The upper right of a cell. */
  #at(place: Place | undefined): string | undefined {
    if (!place) return undefined;
    const origin = this.#host.getBoundingClientRect();
    const { left, top, width } = place.cell;
    return `translate(${(left - origin.left + 0.84 * width).toFixed(1)}px, ${(top - origin.top + 0.36 * width).toFixed(1)}px) scale(${(width / 40).toFixed(3)})`;
  }
}
