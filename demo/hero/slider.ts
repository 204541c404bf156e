/** A handle that divides the stage. It is a slider to the keyboard and to screen readers: arrows, Page Up and Down, Home, End. */
export class Slider {
  readonly #handle: HTMLElement;
  readonly #changed: (percent: number) => void;
  #value = 50;

  constructor(handle: HTMLElement, stage: HTMLElement, changed: (percent: number) => void) {
    this.#handle = handle;
    this.#changed = changed;
    handle.addEventListener('keydown', (event) => this.#key(event));
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault(); // no text selection, no native drag
      event.stopPropagation(); // the stage does not move along
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener('pointermove', (event) => {
      event.stopPropagation();
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.getBoundingClientRect();
      this.#set(((event.clientX - left) / width) * 100);
    });
  }

  get value(): number {
    return this.#value;
  }

  /** Moves the handle without telling anyone. */
  show(percent: number, text: string): void {
    this.#value = percent;
    this.#handle.setAttribute('aria-valuenow', String(Math.round(percent)));
    this.#handle.setAttribute('aria-valuetext', text);
  }

  #set(percent: number): void {
    this.#changed(Math.min(100, Math.max(0, percent)));
  }

  #key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 10 : 1;
    const moves: Record<string, number> = {
      ArrowLeft: -step,
      ArrowDown: -step,
      ArrowRight: step,
      ArrowUp: step,
      PageDown: -10,
      PageUp: 10,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(this.#value + move);
  }
}
