import { signal } from './signal.ts';

/** One section of the page: a custom element that begins its work when it comes into view. */
export abstract class Panel extends HTMLElement {
  /** Whether it is in view, or nearly: what moves or loops stops elsewhere. */
  readonly visible = signal(false);
  #started = false;

  /** Called once. */
  abstract start(): void;

  connectedCallback(): void {
    near.observe(this);
  }

  /** @internal for the observer below */
  seen(visible: boolean): void {
    this.visible.value = visible;
    if (!visible || this.#started) return;
    this.#started = true;
    inTurn(() => this.start());
  }

  /** The element that a selector names, which the panel's markup must have. */
  find<E extends HTMLElement>(selector: string): E {
    const found = this.querySelector<E>(selector);
    if (!found) throw new Error(`<${this.localName}> has no ${selector}`);
    return found;
  }
}

const waiting: (() => void)[] = [];

/** Runs one thing a task: panels that come into view together must not keep a visitor's click waiting. */
function inTurn(work: () => void): void {
  const next = () => {
    if (waiting.length > 1) setTimeout(next); // whatever this one throws
    waiting.shift()!();
  };
  if (waiting.push(work) === 1) setTimeout(next);
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) (target as Panel).seen(isIntersecting);
  },
  { rootMargin: '200px' },
);
