// Elements in one line: element('label', { class: 'control' }, 'Stride', input).

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Sets attributes; `undefined` and `false` take them away, `true` sets them empty. */
export function attributes<E extends Element>(target: E, values: Attributes): E {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === false) target.removeAttribute(name);
    else target.setAttribute(name, value === true ? '' : String(value));
  }
  return target;
}

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, values: Attributes = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = attributes(document.createElement(tag), values);
  made.append(...children);
  return made;
}

export function drawn<K extends keyof SVGElementTagNameMap>(tag: K, values: Attributes = {}, ...children: (Node | string)[]): SVGElementTagNameMap[K] {
  const made = attributes(document.createElementNS('http://www.w3.org/2000/svg', tag), values);
  made.append(...children);
  return made;
}
