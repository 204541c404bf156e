// A grid of numbers too large for cells with text: one canvas pixel each, same colours as Grid. Pointer and arrow keys choose `active`.
import { effect, type Signal, signal } from '../signal.ts';
import { attributes, element } from './dom.ts';

export interface Map2d {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
  /** The size that has the full colour; default the largest there is. */
  readonly most?: number;
}

export interface HeatmapOptions {
  /** What it shows: its name for everybody. */
  readonly label: string;
  /** A picture only: no values are read from it. */
  readonly plain?: boolean;
  /** Whether it is a picture: 0 is black and 1 is white. */
  readonly grey?: boolean;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
/** Whether the page is dark, for what is drawn in its colours. */
export const night: Signal<boolean> = signal(dark.matches);
dark.addEventListener('change', () => {
  night.value = dark.matches;
});

type Rgb = readonly [number, number, number];

const GREYS: readonly [Rgb, Rgb, Rgb] = [
  [0, 0, 0],
  [255, 255, 255],
  [0, 0, 0],
];

const probe = document.createElement('canvas').getContext('2d')!;
/** A colour however the style sheet writes it: a build shortens #ffffff to #fff. */
function rgbOf(colour: string): Rgb {
  probe.fillStyle = colour.trim();
  return [1, 3, 5].map((at) => Number.parseInt(String(probe.fillStyle).slice(at, at + 2), 16)) as unknown as Rgb;
}

export class Heatmap {
  readonly element: HTMLElement;
  readonly active: Signal<number | undefined> = signal<number | undefined>(undefined);
  /** What holds the picture: place more upon it in per cent. */
  readonly field: HTMLElement;
  readonly #canvas = element('canvas');
  readonly #name: HTMLElement;
  readonly #options: HeatmapOptions;
  readonly #cursor = element('div', { class: 'map-cursor', 'aria-hidden': 'true' });
  readonly #says = element('div', { class: 'unseen', role: 'status' });
  readonly #shown = signal<Map2d>({ rows: 1, columns: 1, values: [0] });

  constructor(options: HeatmapOptions) {
    this.#options = options;
    this.field = element('div', { class: 'map' }, this.#canvas);
    this.#name = element('div', { class: 'grid-name', 'aria-hidden': 'true' });
    this.element = element('div', { class: 'grid-box' }, this.#name, this.field);
    this.label(options.label);
    effect(() => this.#draw());
    attributes(this.#canvas, options.plain ? { role: 'img' } : { role: 'application', tabindex: 0 });
    if (options.plain) return;
    this.field.append(this.#cursor, this.#says);
    this.#canvas.addEventListener('pointermove', (event) => {
      const { rows, columns } = this.#shown.value;
      const box = this.#canvas.getBoundingClientRect();
      const c = Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns)));
      const r = Math.min(rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rows)));
      this.active.value = r * columns + c;
    });
    this.#canvas.addEventListener('pointerleave', () => {
      this.active.value = undefined;
    });
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    effect(() => this.#point());
  }

  /** Renames it.
   * @param spoken what is read aloud, where that is more */
  label(text: string, spoken = text): void {
    this.#name.textContent = text;
    this.#canvas.setAttribute('aria-label', this.#options.plain ? spoken : `${spoken}. Arrow keys read single values.`);
  }

  show(map: Map2d): void {
    this.#shown.value = map;
  }

  #draw(): void {
    const { rows, columns, values, most } = this.#shown.value;
    night.value; // the colours are others then
    const style = getComputedStyle(document.documentElement);
    const { grey } = this.#options;
    const [zero, plus, minus] = grey ? GREYS : (['--card', '--plus', '--minus'].map((name) => rgbOf(style.getPropertyValue(name))) as [Rgb, Rgb, Rgb]);
    let full = most ?? (grey ? 1 : 0);
    if (most === undefined && !grey) for (let i = 0; i < values.length; i++) full = Math.max(full, Math.abs(values[i]!));
    Object.assign(this.#canvas, { width: columns, height: rows });
    this.#canvas.style.setProperty('--ratio', String(columns / rows));
    const image = new ImageData(columns, rows);
    for (let i = 0; i < rows * columns; i++) {
      const share = full ? Math.min(1, Math.abs(values[i]!) / full) : 0;
      const to = values[i]! < 0 ? minus : plus;
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = zero[c]! + share * (to[c]! - zero[c]!);
      image.data[4 * i + 3] = 255;
    }
    this.#canvas.getContext('2d')!.putImageData(image, 0, 0);
  }

  #point(): void {
    const { rows, columns, values } = this.#shown.value;
    const i = this.active.value;
    this.#cursor.hidden = i === undefined;
    if (i === undefined) return;
    const [r, c] = [Math.floor(i / columns), i % columns];
    this.#cursor.style.inset = `${(100 * r) / rows}% ${100 - (100 * (c + 1)) / columns}% ${100 - (100 * (r + 1)) / rows}% ${(100 * c) / columns}%`;
    if (this.#canvas === document.activeElement) this.#says.textContent = `row ${r + 1}, column ${c + 1}: ${values[i]!.toPrecision(4)}`;
  }

  #key(event: KeyboardEvent): void {
    const { rows, columns } = this.#shown.value;
    const i = this.active.value ?? 0;
    const [r, c] = [Math.floor(i / columns), i % columns];
    const to: Record<string, readonly [number, number]> = {
      ArrowLeft: [r, c - 1],
      ArrowRight: [r, c + 1],
      ArrowUp: [r - 1, c],
      ArrowDown: [r + 1, c],
      Home: [r, 0],
      End: [r, columns - 1],
    };
    const next = to[event.key];
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.active.value = Math.min(rows - 1, Math.max(0, next[0])) * columns + Math.min(columns - 1, Math.max(0, next[1]));
  }
}
