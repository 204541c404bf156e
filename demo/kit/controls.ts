// Labelled native controls, bound to signals: they set the value and show it whoever set it.
//
//   this.find('.controls').append(
//     choice({ label: 'Way', value: state.mode, options: { nearest: 'Nearest', bilinear: 'Bilinear' } }),
//     range({ label: 'Stride', value: state.stride, min: 1, max: 4 }),
//   );
//
// None of them limits another: a combination that the library refuses is explained by `Lesson.compute`.
import { effect, type Signal } from '../signal.ts';
import { element } from './dom.ts';

let count = 0;
const unique = (name: string) => `${name}-${++count}`;

interface Control<T> {
  readonly label: string;
  readonly value: Signal<T>;
}

interface Range extends Control<number> {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value as it is shown; default the number. */
  readonly text?: (value: number) => string;
}

/** A slider with its value beside its name. */
export function range({ label, value, min, max, step = 1, text = String }: Range): HTMLElement {
  const id = unique('range');
  const input = element('input', { type: 'range', id, min, max, step });
  const output = element('output', { for: id });
  input.addEventListener('input', () => {
    value.value = input.valueAsNumber;
  });
  effect(() => {
    input.value = String(value.value);
    output.textContent = text(value.value);
    input.setAttribute('aria-valuetext', output.textContent);
  });
  return element('div', { class: 'control range' }, element('label', { for: id }, label), output, input);
}

interface Choice<W extends string> extends Control<W> {
  /** Value -> what is written on it. */
  readonly options: Readonly<Record<W, string>>;
}

/** A few words side by side, one of them chosen: radio buttons that look like tabs. */
export function choice<W extends string>({ label, value, options }: Choice<W>): HTMLElement {
  const name = unique('choice');
  const inputs = new Map<W, HTMLInputElement>();
  const tabs = (Object.entries(options) as [W, string][]).map(([word, text]) => {
    const input = element('input', { type: 'radio', name, value: word });
    input.addEventListener('change', () => {
      value.value = word;
    });
    inputs.set(word, input);
    return element('label', {}, input, element('span', {}, text));
  });
  effect(() => {
    for (const [word, input] of inputs) input.checked = word === value.value;
  });
  return element('fieldset', { class: 'control choice' }, element('legend', {}, label), element('div', { class: 'tabs' }, ...tabs));
}

/** A native list to pick from. */
export function pick<W extends string>({ label, value, options }: Choice<W>): HTMLElement {
  const select = element('select');
  for (const [word, text] of Object.entries(options) as [W, string][]) select.add(new Option(text, word));
  select.addEventListener('change', () => {
    value.value = select.value as W;
  });
  effect(() => {
    select.value = value.value;
  });
  return element('label', { class: 'control pick' }, element('span', {}, label), select);
}

/** A box to tick. */
export function tick({ label, value }: Control<boolean>): HTMLElement {
  const input = element('input', { type: 'checkbox' });
  input.addEventListener('change', () => {
    value.value = input.checked;
  });
  effect(() => {
    input.checked = value.value;
  });
  return element('label', { class: 'control tick' }, input, element('span', {}, label));
}

/** A button that does something once. */
export function button(text: string, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, text);
  made.addEventListener('click', act);
  return made;
}
