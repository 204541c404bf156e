/** One section of the page: a custom element that begins its work when it comes into view. */
export abstract class Panel extends HTMLElement {
  /** Called once. */
  abstract start(): void;

  connectedCallback(): void {
    near.observe(this);
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
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      (target as Panel).start();
    }
  },
  { rootMargin: '200px' },
);
