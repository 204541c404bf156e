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
    this.start();
  }

  /** The element that a selector names, which the panel's markup must have. */
  find<E extends HTMLElement>(selector: string): E {
    const found = this.querySelector<E>(selector);
    if (!found) throw new Error(`<${this.localName}> has no ${selector}`);
    return found;
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) (target as Panel).seen(isIntersecting);
  },
  { rootMargin: '200px' },
);
