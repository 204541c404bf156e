// The numbers beside the stage. All of them are computed live, for the picture that is shown.
import type { Panel } from '../panel.ts';
import { nextTask } from '../task.ts';
import type { Check, Engine } from './engine.ts';
import { MODES, type Mode } from './modes.ts';
import type { Timing } from './time.ts';

/** Largest difference between f32 sums and the float64 reference that counts as equal, for values of 0..1. */
const EQUAL = 4e-6;

const bytesText = (n: number) => (n < 1000 ? `${n} bytes` : n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : `${(n / 1e6).toFixed(1)} MB`);
const msText = (ms: number) => (ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toPrecision(2));
/** 2.4e-7, and 0 as it is. */
const small = (n: number) => (n === 0 ? '0' : n.toExponential(1));

export class Report {
  readonly #panel: Panel;
  readonly #rows = new Map<string, HTMLTableRowElement>();
  /** Results of an older picture or choice are dropped. */
  #round = 0;
  #checkRound = 0;
  #read = 0;

  constructor(panel: Panel) {
    this.#panel = panel;
    const body = panel.find<HTMLTableSectionElement>('.times tbody');
    for (const { key, name } of MODES) {
      const row = body.insertRow();
      row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: name }));
      row.insertCell().textContent = '…';
      row.insertCell();
      this.#rows.set(key, row);
    }
  }

  /** Who computes. */
  where(adapter: string, software: boolean): void {
    this.#panel.find('.adapter').textContent = adapter ? `GPU adapter: ${adapter}` : 'The CPU reference, in float64. No GPU.';
    const note = this.#panel.find('.software');
    note.hidden = !software;
    note.textContent = 'This is a software adapter: the CPU plays GPU. Pictures are right, times say nothing about a graphics card.';
    this.#moved(adapter !== '');
  }

  #moved(gpu = true): void {
    const read = this.#read ? ` The check, which has to compare there, has read ${bytesText(this.#read)}.` : '';
    this.#panel.find('.moved').textContent = gpu ? `Bytes moved to the CPU to show this: 0.${read}` : '';
  }

  /** A new picture: checks what is shown, then times every way. */
  async begin(engine: Engine, shown: readonly [Mode, Mode]): Promise<void> {
    const round = ++this.#round;
    delete this.#panel.dataset['timed'];
    for (const row of this.#rows.values()) {
      row.cells[1]!.textContent = '…';
      row.cells[1]!.style.removeProperty('--share');
    }
    await this.check(engine, shown);
    const times = new Map<string, Timing>();
    for (const mode of MODES) {
      if (round !== this.#round) return;
      try {
        times.set(mode.key, await engine.time(mode));
      } catch {
        continue; // a lost device has its own message
      }
      if (round === this.#round) this.#times(times);
    }
    if (round === this.#round) this.#panel.dataset['timed'] = '';
  }

  #times(times: ReadonlyMap<string, Timing>): void {
    const longest = Math.max(...[...times.values()].map((t) => t.ms));
    for (const [key, { ms, clock }] of times) {
      const [, value, unit] = this.#rows.get(key)!.cells as unknown as [unknown, HTMLElement, HTMLElement];
      value.textContent = `${msText(ms)} ms`;
      value.style.setProperty('--share', `${((100 * ms) / longest).toFixed(1)}%`);
      unit.textContent = clock;
      unit.title =
        clock === 'GPU' ? 'by the GPU’s own timestamps, the quickest of three' : 'by the page’s clock with everything around it, the quickest of three';
    }
  }

  /** Compares what is shown with the reference. */
  async check(engine: Engine, shown: readonly [Mode, Mode]): Promise<void> {
    const round = ++this.#checkRound;
    delete this.#panel.dataset['checked'];
    for (const [key, row] of this.#rows)
      row.classList.toggle(
        'shown',
        shown.some((m) => m.key === key),
      );
    const done = new Map<Mode, Promise<Check | undefined>>();
    for (const [i, mode] of shown.entries()) {
      const line = this.#panel.find(i ? '.right-check' : '.left-check');
      line.className = i ? 'right-check' : 'left-check';
      this.#write(line, mode.name, 'comparing …');
      await nextTask(); // the picture is shown before it is checked
      if (round !== this.#checkRound) return;
      if (!done.has(mode)) done.set(mode, engine.check(mode));
      const result = await done.get(mode)!.catch(() => undefined);
      if (round !== this.#checkRound) return;
      if (!result) {
        const why = mode.computed ? 'This is the CPU reference itself.' : 'Nothing to compare with: browsers do not say which filter they use.';
        this.#write(line, mode.name, why);
        continue;
      }
      this.#read += i && shown[0] === mode ? 0 : result.bytes;
      const equal = result.difference <= EQUAL;
      line.classList.add(equal ? 'good' : 'bad');
      const piece = result.piece ? `, in the middle ${result.piece.join(' × ')} pixels` : '';
      this.#write(line, mode.name, `GPU ${equal ? '=' : '≠'} CPU reference, max diff ${small(result.difference)}${piece}`);
      this.#moved();
    }
    this.#panel.dataset['checked'] = shown.map((m) => m.key).join(' ');
  }

  #write(line: HTMLElement, name: string, text: string): void {
    line.replaceChildren(
      Object.assign(document.createElement('b'), { textContent: name }),
      Object.assign(document.createElement('span'), { textContent: text }),
    );
  }
}
