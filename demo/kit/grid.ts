// A grid of numbers, drawn as SVG (to about 16 x 16 cells; Heatmap beyond): coloured by sign and size, hovered, focused, marked, edited.
//
//   const x = new Grid({ label: 'x, the input', edit: (i, value) => … });   // without `edit` the cells are read-only
//   this.find('.figure').append(x.element);
//   x.show({ rows: 2, columns: 2, values: [1, 2, 3, 4] });                   // undefined: an empty cell
//   effect(() => y.mark(sourcesOf(x.active.value)));                          // linked: `active` is the cell under pointer or focus
//
// Keys: arrows, Home, End, Ctrl+Home, Ctrl+End move; Enter, F2 or a digit edits; Escape leaves. `--cell` in CSS is the width of a cell.
import { type Signal, signal } from '../signal.ts';
import { attributes, drawn, element } from './dom.ts';
import type { Place } from './edges.ts';
import { still } from './motion.ts';
import { short, typed } from './numbers.ts';

/** Units of the drawing a cell has. */
const UNIT = 40;

export interface Cells {
  readonly rows: number;
  readonly columns: number;
  /** Row by row; undefined where a cell is empty. */
  readonly values: ArrayLike<number | undefined>;
  /** What a cell says instead of its number, where it returns anything. */
  readonly text?: (i: number) => string | undefined;
  /** Cells that are cut away: hatched. */
  readonly cut?: (i: number) => boolean;
  /** Cells of an editable grid that are not edited. */
  readonly fixed?: (i: number) => boolean;
  /** Colours for kinds instead of sizes: an angle in the colour circle, where it returns one. */
  readonly hue?: (i: number) => number | undefined;
  /** The size that has the full colour; default the largest there is. */
  readonly most?: number;
}

export interface Mark {
  /** `source` and `target` are outlined, `flash` lights up once, `faint` steps back; a mark without kind is only a note. */
  readonly kind?: 'source' | 'target' | 'flash' | 'faint' | undefined;
  /** A small line below the number. */
  readonly note?: string;
  /** A small line above it: 4 + 6 = over 10. */
  readonly before?: string;
}

export interface GridOptions {
  /** What the grid shows: its name for everybody. */
  readonly label: string;
  /** Called with a cell's new value; the panel shows it, or not. */
  readonly edit?: (i: number, value: number) => void;
  /** Whether the label is only read aloud. */
  readonly quiet?: boolean;
}

interface Drawn {
  readonly cell: SVGGElement;
  readonly before: SVGTextElement;
  readonly value: SVGTextElement;
  readonly note: SVGTextElement;
  /** What is painted. */
  is?: string;
}

let count = 0;

export class Grid {
  readonly element: HTMLElement;
  /** The cell under the pointer, else the one with the focus. */
  readonly active: Signal<number | undefined> = signal<number | undefined>(undefined);
  readonly #svg: SVGSVGElement;
  readonly #field: HTMLElement;
  readonly #name: HTMLElement;
  readonly #options: GridOptions;
  readonly #hatch = `hatch-${++count}`;
  #shown: Cells = { rows: 0, columns: 0, values: [] };
  #cells: Drawn[] = [];
  #marks: ReadonlyMap<number, Mark> = new Map();
  #hovered: number | undefined;
  #focused: number | undefined;
  /** The one cell that the Tab key reaches. */
  #stop = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.#svg = drawn('svg', { role: 'grid', 'aria-label': options.label, 'aria-readonly': options.edit ? 'false' : 'true' });
    this.#field = element('div', { class: `grid${options.edit ? ' editable' : ''}` }, this.#svg);
    this.#name = element('div', { class: 'grid-name', 'aria-hidden': 'true' }, options.label);
    this.element = element('div', { class: 'grid-box' }, ...(options.quiet ? [] : [this.#name]), this.#field);
    this.#svg.addEventListener('pointerover', (event) => this.#hover(this.#indexOf(event)));
    this.#svg.addEventListener('pointerleave', () => this.#hover(undefined));
    this.#svg.addEventListener('focusin', (event) => this.#focus(this.#indexOf(event)));
    this.#svg.addEventListener('focusout', () => this.#focus(undefined));
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
    this.#svg.addEventListener('click', (event) => {
      const i = this.#indexOf(event);
      if (i === undefined) return;
      this.#cells[i]!.cell.focus();
      if (options.edit) this.#edit(i);
    });
  }

  /** Renames it. */
  label(text: string): void {
    this.#name.textContent = text;
    this.#svg.setAttribute('aria-label', text);
  }

  show(cells: Cells): void {
    const anew = cells.rows !== this.#shown.rows || cells.columns !== this.#shown.columns;
    this.#shown = cells;
    if (anew) this.#build();
    this.#paint();
  }

  /** Marks these cells and no others. */
  mark(marks: Iterable<readonly [i: number, mark: Mark]>): void {
    this.#marks = new Map(marks);
    this.#paint();
  }

  /** Where a cell is on the screen, for `Edges`. */
  place(i: number): Place | undefined {
    const cell = this.#cells[i]?.cell.firstElementChild?.getBoundingClientRect();
    return cell && { cell, grid: this.#field.getBoundingClientRect() };
  }

  /** Cells come flying from where something else is on the screen: `from(i)`, and undefined for those that stay. Still where stillness is preferred. */
  fly(from: (i: number) => DOMRect | undefined, duration = 900): void {
    if (still()) return;
    const field = this.#field.getBoundingClientRect();
    const unit = (UNIT * this.#shown.columns) / field.width;
    if (!Number.isFinite(unit)) return;
    // All places first: what is asked between two changes makes the browser lay out anew.
    const ways = this.#cells.flatMap(({ cell }, i) => {
      const [begin, end] = [from(i), this.place(i)?.cell];
      return begin && end ? [{ cell, transform: `translate(${(begin.left - end.left) * unit}px, ${(begin.top - end.top) * unit}px)` }] : [];
    });
    for (const { cell, transform } of ways) cell.animate([{ transform }, { transform: 'none' }], { duration, easing: 'cubic-bezier(0.5, 0, 0.2, 1)' });
  }

  #indexOf(event: Event): number | undefined {
    const cell = (event.target as Element).closest('[data-i]');
    return cell ? Number((cell as SVGGElement).dataset['i']) : undefined;
  }

  #hover(i: number | undefined): void {
    this.#hovered = i;
    this.active.value = i ?? this.#focused;
  }

  #focus(i: number | undefined): void {
    this.#focused = i;
    if (i !== undefined) this.#reach(i);
    this.active.value = i ?? this.#hovered;
  }

  #reach(i: number): void {
    this.#cells[this.#stop]?.cell.setAttribute('tabindex', '-1');
    this.#stop = i;
    this.#cells[i]?.cell.setAttribute('tabindex', '0');
  }

  #build(): void {
    const { rows, columns } = this.#shown;
    const held = this.#svg.contains(document.activeElement);
    this.#stop = Math.min(this.#stop, Math.max(0, rows * columns - 1));
    this.#hovered = undefined;
    attributes(this.#svg, { viewBox: `0 0 ${columns * UNIT} ${rows * UNIT}`, 'aria-rowcount': rows, 'aria-colcount': columns });
    this.#field.style.setProperty('--columns', String(columns));
    this.#field.style.setProperty('--rows', String(rows));
    this.#cells = [];
    const lines = Array.from({ length: rows }, (_, r) => drawn('g', { role: 'row' }, ...Array.from({ length: columns }, (_, c) => this.#cell(r, c))));
    const hatch = drawn(
      'pattern',
      { id: this.#hatch, width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      drawn('rect', { class: 'hatch', width: 1.6, height: 7 }),
    );
    this.#svg.replaceChildren(drawn('defs', {}, hatch), ...lines);
    if (held) this.#cells[this.#stop]?.cell.focus({ preventScroll: true });
    else this.#focused = undefined;
    this.active.value = this.#focused;
  }

  #cell(r: number, c: number): SVGGElement {
    const i = r * this.#shown.columns + c;
    const at = { x: c * UNIT, y: r * UNIT };
    const inset = (by: number) => ({ x: at.x + by, y: at.y + by, width: UNIT - 2 * by, height: UNIT - 2 * by });
    const line = (name: string, y: number) => drawn('text', { class: name, x: at.x + UNIT / 2, y: at.y + y });
    const [before, value, note] = [line('before', 11), line('value', 21), line('note', 30)];
    const cell = drawn(
      'g',
      { role: 'gridcell', tabindex: i === this.#stop ? 0 : -1, 'data-i': i },
      drawn('rect', { class: 'fill', ...inset(0.5) }),
      drawn('rect', { class: 'cut', ...inset(0.5), fill: `url(#${this.#hatch})` }),
      drawn('rect', { class: 'ring', ...inset(2), rx: 2 }),
      before,
      value,
      note,
    );
    this.#cells.push({ cell, before, value, note });
    return cell;
  }

  #paint(): void {
    const { columns, values, text, cut, hue, most } = this.#shown;
    const full = most ?? Array.from(values).reduce<number>((a, v) => Math.max(a, Math.abs(v ?? 0)), 0);
    for (const [i, drawn] of this.#cells.entries()) {
      const v = values[i];
      const mark = this.#marks.get(i);
      const gone = cut?.(i) ?? false;
      const written = text?.(i) ?? (v === undefined ? '' : short(v));
      const colour = hue?.(i);
      const share = full && v !== undefined && Number.isFinite(v) ? Math.min(100, (100 * Math.abs(v)) / full).toFixed(1) : 0;
      const is = [v, share, written, gone, colour, mark?.kind, mark?.before, mark?.note].join('|');
      if (is === drawn.is) continue; // most cells of large grids stay as they are
      drawn.is = is;
      const { cell, before, value, note } = drawn;
      const row = Math.floor(i / columns);
      const kinds = ['cell', v === undefined ? 'empty' : v < 0 ? 'minus' : 'plus', gone && 'gone', colour !== undefined && 'hued', mark?.kind];
      const small = mark?.note ?? mark?.before ?? '';
      attributes(cell, {
        class: kinds.filter(Boolean).join(' '),
        style: `--share: ${share}%; --fit: ${Math.min(15, 56 / written.length).toFixed(2)}px; --small: ${Math.min(9.5, 52 / small.length).toFixed(2)}px; --hue: ${colour ?? 0}deg`,
        'data-value': v,
        'aria-label': [`row ${row + 1}, column ${(i % columns) + 1}:`, mark?.before, written || 'empty', mark?.note, gone && '(cut off)']
          .filter(Boolean)
          .join(' '),
      });
      value.textContent = written;
      value.setAttribute('y', String(row * UNIT + (mark?.note ? 15 : mark?.before ? 27 : 21)));
      before.textContent = mark?.before ? `${mark.before} ` : ''; // spaces that only listeners notice
      note.textContent = mark?.note ? ` ${mark.note}` : '';
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.metaKey || event.altKey || (event.target as Element).localName === 'input') return;
    const { rows, columns } = this.#shown;
    const [r, c] = [Math.floor(this.#stop / columns), this.#stop % columns];
    const { key, ctrlKey } = event;
    const go = (row: number, column: number) =>
      this.#cells[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))]?.cell.focus();
    if (key === 'ArrowLeft') go(r, c - 1);
    else if (key === 'ArrowRight') go(r, c + 1);
    else if (key === 'ArrowUp') go(r - 1, c);
    else if (key === 'ArrowDown') go(r + 1, c);
    else if (key === 'Home') go(ctrlKey ? 0 : r, 0);
    else if (key === 'End') go(ctrlKey ? rows - 1 : r, columns - 1);
    else if (this.#options.edit && !ctrlKey && (key === 'Enter' || key === 'F2')) this.#edit(this.#stop);
    else if (this.#options.edit && !ctrlKey && /^[-\d.]$/.test(key)) this.#edit(this.#stop, key);
    else return;
    event.preventDefault();
  }

  /** Puts an input over the cell. */
  #edit(i: number, first?: string): void {
    const { columns, values, fixed } = this.#shown;
    const { cell } = this.#cells[i]!;
    if (values[i] === undefined || fixed?.(i)) return;
    const [r, c] = [Math.floor(i / columns), i % columns];
    const input = element('input', {
      class: 'cell-input',
      'aria-label': `${this.#options.label}, row ${r + 1}, column ${c + 1}`,
      value: first ?? String(Number(values[i]!.toPrecision(6))),
      autocomplete: 'off',
      size: 1,
      style: `--r: ${r}; --c: ${c}`,
    });
    let open = true;
    const close = (focus: boolean) => {
      if (!open) return;
      open = false;
      input.remove();
      if (focus) cell.focus();
    };
    const accept = (focus: boolean) => {
      const value = typed(input.value);
      if (value === undefined && focus) {
        input.setCustomValidity('This is not a number.');
        input.reportValidity();
        return;
      }
      close(focus);
      if (value !== undefined && value !== values[i]) this.#options.edit!(i, value);
    };
    input.addEventListener('input', () => input.setCustomValidity(''));
    input.addEventListener('blur', () => accept(false));
    input.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') accept(true);
      else if (event.key === 'Escape') close(true);
      else return;
      event.preventDefault();
    });
    this.#field.append(input);
    input.focus();
    if (first === undefined) input.select();
    else input.setSelectionRange(first.length, first.length);
  }
}
