// "The code": the library call that the panel makes now, coloured lightly, with a button that copies it.
import { element } from './dom.ts';

/** Comments, strings, numbers and words of the language; everything else stays plain. */
const TOKEN = /(\/\/.*$)|('[^']*')|\b(import|from|const|await|for|of|new|return)\b|(?<![\w.])(-?\d+(?:\.\d+)?(?:e-?\d+)?)\b/gm;
const KINDS = ['comment', 'string', 'word', 'number'] as const;

function coloured(code: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)]!;
    out.push(code.slice(end, match.index), element('span', { class: kind }, match[0]));
    end = match.index + match[0].length;
  }
  out.push(code.slice(end));
  return out;
}

/** A button that copies a text.
 * @param refused called where the browser does not let it */
export function copyButton(text: () => string, refused?: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'copy' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      refused?.();
      button.textContent = refused ? 'Selected' : 'Not allowed';
    }
  });
  return button;
}

/** A panel's code, folded away until somebody asks. */
export class Code {
  readonly element: HTMLDetailsElement;
  readonly #text = element('code');
  readonly #copy = copyButton(
    () => this.#text.textContent ?? '',
    () => getSelection()?.selectAllChildren(this.#text), // the visitor copies with the keyboard
  );

  constructor() {
    this.element = element(
      'details',
      { class: 'code' },
      element('summary', {}, 'The code'),
      element('div', { class: 'code-box' }, element('pre', {}, this.#text), this.#copy),
    );
  }

  show(code: string): void {
    if (code === this.#text.textContent) return;
    this.#text.replaceChildren(...coloured(code));
    this.#copy.textContent = 'Copy';
  }
}

/** An array as code writes it; long ones are cut, since copied code should be read. */
export const list = (values: ArrayLike<number>, most = 64): string => {
  const words = Array.from(values)
    .slice(0, most)
    .map((v) => String(Number(v.toPrecision(6))));
  return `[${words.join(', ')}${values.length > most ? ', …' : ''}]`;
};

/** An options object as code writes it: what is undefined is left out. */
export function options(values: Readonly<Record<string, unknown>>): string {
  const one = (v: unknown): string => (Array.isArray(v) ? `[${v.map(one).join(', ')}]` : typeof v === 'string' ? `'${v}'` : String(v));
  const words = Object.entries(values).flatMap(([name, v]) => (v === undefined ? [] : [`${name}: ${one(v)}`]));
  return words.length ? `{ ${words.join(', ')} }` : '{}';
}
