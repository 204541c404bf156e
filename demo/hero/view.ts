// Where the stage looks at the picture: zoom and centre, in fractions of the picture, and the pixel under the cursor.
import { signal } from '../signal.ts';

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
  readonly size = signal<readonly [number, number]>([1, 1]);
  /** CSS pixels from one source pixel to the next while the whole picture is shown. */
  readonly base = signal(1);
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
    return this.base.value * this.zoom.value;
  }

  /** Stage pixels of the whole picture. */
  get extent(): readonly [number, number] {
    const [w, h] = this.picture.value;
    return [w * this.pitch, h * this.pitch];
  }

  /** Left and top of the picture on the stage. */
  get offset(): readonly [number, number] {
    const [w, h] = this.size.value;
    const [x, y] = this.centre.value;
    const [width, height] = this.extent;
    return [w / 2 - x * width, h / 2 - y * height];
  }

  get mostZoom(): number {
    return Math.max(1, LARGEST / this.base.value);
  }

  /** Zooms so that the point of the stage under the cursor, by default its middle, stays where it is. */
  zoomTo(zoom: number, at: readonly [number, number] = [this.size.value[0] / 2, this.size.value[1] / 2]): void {
    const [w, h] = this.size.value;
    const [x, y] = this.centre.value;
    const [dx, dy] = [at[0] - w / 2, at[1] - h / 2];
    const before = this.extent;
    this.zoom.value = clamp(zoom, 1, this.mostZoom);
    const after = this.extent;
    this.look([x + dx / before[0] - dx / after[0], y + dy / before[1] - dy / after[1]]);
  }

  /** Looks at a point, as far as the picture reaches. */
  look([x, y]: readonly [number, number]): void {
    const [mx, my] = this.#reach();
    const to = [clamp(x, mx, 1 - mx), clamp(y, my, 1 - my)] as const;
    const now = this.centre.value;
    if (to[0] !== now[0] || to[1] !== now[1]) this.centre.value = to;
  }

  /** Moves the cursor, and the view after it. */
  moveCursor(dx: number, dy: number): void {
    const [w, h] = this.picture.value;
    const [x, y] = this.cursor.value;
    const to = [clamp(x + dx, 0, w - 1), clamp(y + dy, 0, h - 1)] as const;
    this.cursor.value = to;
    const [rx, ry] = this.#reach();
    const follow = (centre: number, at: number, size: number, reach: number) => clamp(centre, (at + 1) / size - reach, at / size + reach);
    const [cx, cy] = this.centre.value;
    this.look([follow(cx, to[0], w, rx), follow(cy, to[1], h, ry)]);
  }

  /** Half of what the stage shows, as a fraction of the picture; all of it where the picture is smaller than the stage. */
  #reach(): readonly [number, number] {
    const [w, h] = this.size.value;
    const [width, height] = this.extent;
    return [Math.min(0.5, w / width / 2), Math.min(0.5, h / height / 2)];
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
        const [width, height] = this.extent;
        const [x, y] = this.centre.value;
        this.look([x - (now[0] - before[0]) / width, y - (now[1] - before[1]) / height]);
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
