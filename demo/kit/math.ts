// Formulas as MathML from plain text: math('(i − 1)·s − 2p'). Letters become variables, digits numbers, the rest operators;
// a_b sets an index, a^b a power, and 'op' in quotes stays one word.
import { attributes, element } from './dom.ts';

const NAMESPACE = 'http://www.w3.org/1998/Math/MathML';

const node = (tag: string, ...children: (Node | string)[]): Element => {
  const made = document.createElementNS(NAMESPACE, tag);
  made.append(...children);
  return made;
};

const TOKEN = /'([^']+)'|(\d+(?:\.\d+)?)|(\p{L})|(\S)/gu;

/** Brackets stay as high as the line: what they enclose is no higher. A sign in front has the room of one between. */
const operator = (sign: string): Element => attributes(node('mo', sign), { stretchy: 'false', form: /[+−=]/.test(sign) ? 'infix' : undefined });

/** A row of nodes; scripts take the one before and the one after. */
function row(text: string): Element[] {
  const out: Element[] = [];
  let script = '';
  for (const [, word, number, letter, sign] of text.matchAll(TOKEN)) {
    if (sign === '_' || sign === '^') {
      script = sign === '_' ? 'msub' : 'msup';
      continue;
    }
    let made = word ? node('mi', word) : number ? node('mn', number) : letter ? node('mi', letter) : operator(sign!);
    if (script) made = node(script, out.pop()!, made);
    script = '';
    out.push(made);
  }
  return out;
}

/** An inline formula. */
export const math = (text: string): Element => node('math', node('mrow', ...row(text)));

/** A formula term by term, each with its present value beneath. Terms whose value is new light up. */
export class Formula {
  readonly element = element('div', { class: 'formula' });

  /** @param terms the term, its value, and whether the value is impossible
   * @param spoken the formula with its numbers, for those who listen */
  show(terms: readonly (readonly [term: string, value: string, wrong?: boolean])[], spoken: string): void {
    attributes(this.element, { role: 'img', 'aria-label': spoken });
    for (const [i, [term, value, wrong]] of terms.entries()) {
      const old = this.element.children[i] as HTMLElement | undefined;
      if (old?.dataset['is'] === term + value) continue;
      const made = element(
        'div',
        { class: `term${old ? ' changed' : ''}${wrong ? ' wrong' : ''}`, 'data-is': term + value },
        element('span', {}, math(term)),
        element('span', {}, math(value)),
      );
      if (old) old.replaceWith(made);
      else this.element.append(made);
    }
  }
}
