// Formulas as MathML from plain text: math('(i − 1)·s − 2p'). Letters become variables, digits numbers, the rest operators;
// a_b sets an index, a^b a power, and 'op' in quotes stays one word.
const NAMESPACE = 'http://www.w3.org/1998/Math/MathML';

const node = (tag: string, ...children: (Node | string)[]): Element => {
  const made = document.createElementNS(NAMESPACE, tag);
  made.append(...children);
  return made;
};

const TOKEN = /'([^']+)'|(\d+(?:\.\d+)?)|(\p{L})|(\S)/gu;

/** A row of nodes; scripts take the one before and the one after. */
function row(text: string): Element[] {
  const out: Element[] = [];
  let script = '';
  for (const [, word, number, letter, sign] of text.matchAll(TOKEN)) {
    if (sign === '_' || sign === '^') {
      script = sign === '_' ? 'msub' : 'msup';
      continue;
    }
    let made = word ? node('mi', word) : number ? node('mn', number) : letter ? node('mi', letter) : node('mo', sign!);
    if (script) made = node(script, out.pop()!, made);
    script = '';
    out.push(made);
  }
  return out;
}

/** An inline formula. */
export const math = (text: string): Element => node('math', node('mrow', ...row(text)));

/** A term of a formula with its value beneath, as in (i − 1)·s over 3·2. */
export const termed = (text: string, value: string): Element => node('math', node('munder', node('mrow', ...row(text)), node('mrow', ...row(value))));
