// Where the stage looks at the picture: zoom and centre, in fractions of the picture, and the pixel under the cursor.
import { signal } from '../signal.ts';
import { SCALE } from './modes.ts';

/** Screen pixels that one source pixel has at most. */
const LARGEST = 64;

const clamp = (v: number, low: number, high: number) => Math.min(high, Math.max(low, v));

export class View {
  /** 1 shows the whole picture. */
  readonly zoom = signal(1);
  /** Point of the picture in the middle of the stage, 0..1. */
  readonly centre = signal<readonly [number, number]>([0.5, 0.5]);
  /** Source pixel under the cursor. */
  readonly cursor = signal<readonly [number, number]>([0, 0]);
  /** CSS pixels of the stage. */
  readonly size = signal<readonly [number, number]>([SCALE, SCALE]);
  /** Source pixels of the picture. */
  readonly picture = signal<readonly [number, number]>([1, 1]);

  readonly #stage: HTMLElement;
  readonly #fingers = new Map<number, readonly [number, number]>();

  constructor(stage: HTMLElement) {
    this.#stage = stage;
    stage.tabIndex = 0;
    stage.role = 'group';
    stage.ariaLabel = 'The enlarged picture, left and right of a divider';
    stage.setAttribute('aria-describedby', 'hero-keys');
    stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    stage.addEventListener('keydown', (event) => this.#key(event));
    stage.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.#fingers.set(event.pointerId, [event.clientX, event.clientY]);
      stage.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    stage.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel'] as const) stage.addEventListener(name, (event) => this.#fingers.delete(event.pointerId));
  }

  /** Stage pixels from one source pixel to the next. */
  get pitch(): number {
    return (this.size.value[0] / this.picture.value[0]) * this.zoom.value;
  }

  /** Left and top of the picture on the stage. */
  get offset(): readonly [number, number] {
    const [w, h] = this.size.value;
    const [x, y] = this.centre.value;
    const z = this.zoom.value;
    return [w / 2 - x * w * z, h / 2 - y * h * z];
  }

  get mostZoom(): number {
    return Math.max(1, (LARGEST * this.picture.value[0]) / this.size.value[0]);
  }

  /** Zooms so that the point of the stage under the cursor, by default its middle, stays where it is. */
  zoomTo(zoom: number, at: readonly [number, number] = [this.size.value[0] / 2, this.size.value[1] / 2]): void {
    const before = this.zoom.value;
    const after = clamp(zoom, 1, this.mostZoom);
    const [w, h] = this.size.value;
    const [x, y] = this.centre.value;
    const shift = (p: number, size: number) => ((p - size / 2) / size) * (1 / before - 1 / after);
    this.zoom.value = after;
    this.look([x + shift(at[0], w), y + shift(at[1], h)]);
  }

  /** Looks at a point, as far as the picture reaches. */
  look([x, y]: readonly [number, number]): void {
    const margin = 0.5 / this.zoom.value;
    this.centre.value = [clamp(x, margin, 1 - margin), clamp(y, margin, 1 - margin)];
  }

  /** Moves the cursor, and the view after it. */
  moveCursor(dx: number, dy: number): void {
    const [w, h] = this.picture.value;
    const [x, y] = this.cursor.value;
    const to = [clamp(x + dx, 0, w - 1), clamp(y + dy, 0, h - 1)] as const;
    this.cursor.value = to;
    const reach = 0.5 / this.zoom.value;
    const follow = (centre: number, at: number, size: number) => clamp(centre, (at + 1) / size - reach, at / size + reach);
    const [cx, cy] = this.centre.value;
    this.look([follow(cx, to[0], w), follow(cy, to[1], h)]);
  }

  #local(event: MouseEvent): readonly [number, number] {
    const box = this.#stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #point(event: MouseEvent): void {
    const [x, y] = this.#local(event);
    const [left, top] = this.offset;
    const [w, h] = this.picture.value;
    this.cursor.value = [clamp(Math.floor((x - left) / this.pitch), 0, w - 1), clamp(Math.floor((y - top) / this.pitch), 0, h - 1)];
  }

  #move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    const others = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (before) {
      const now = [event.clientX, event.clientY] as const;
      this.#fingers.set(event.pointerId, now);
      const still = others[0];
      if (still) {
        const apart = (p: readonly [number, number]) => Math.hypot(p[0] - still[0], p[1] - still[1]);
        const box = this.#stage.getBoundingClientRect();
        const middle = [(now[0] + still[0]) / 2 - box.left, (now[1] + still[1]) / 2 - box.top] as const;
        this.zoomTo((this.zoom.value * apart(now)) / Math.max(apart(before), 1), middle);
      } else {
        const [w, h] = this.size.value;
        const [x, y] = this.centre.value;
        this.look([x - (now[0] - before[0]) / (w * this.zoom.value), y - (now[1] - before[1]) / (h * this.zoom.value)]);
      }
    }
    if (!others.length) this.#point(event);
  }

  #wheel(event: WheelEvent): void {
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    const to = clamp(this.zoom.value * 2 ** (-(event.deltaY * lines) / 240), 1, this.mostZoom);
    if (to === this.zoom.value && !event.ctrlKey) return; // at either end the page scrolls on
    event.preventDefault();
    this.zoomTo(to, this.#local(event));
    this.#point(event);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 10 : 1;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => this.moveCursor(-step, 0),
      ArrowRight: () => this.moveCursor(step, 0),
      ArrowUp: () => this.moveCursor(0, -step),
      ArrowDown: () => this.moveCursor(0, step),
      '+': () => this.zoomTo(this.zoom.value * 2),
      '=': () => this.zoomTo(this.zoom.value * 2),
      '-': () => this.zoomTo(this.zoom.value / 2),
      '0': () => this.zoomTo(1),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
