import { PEERS } from '../bench/library.ts';
import { markdown, roofText } from '../bench/report.ts';
import type { Row } from '../bench/row.ts';
import type { Report } from '../bench/run.ts';
import { copyButton } from '../kit/code.ts';
import { button, tick } from '../kit/controls.ts';
import { tiny } from '../kit/numbers.ts';
import { remembered, yes } from '../kit/state.ts';
import { Panel } from '../panel.ts';
import { effect } from '../signal.ts';
import markup from './proof.html?raw';
import { addErrors, addTimes, CHECKS, RACES, Table, verdicts } from './tables.ts';
import type { News, Order } from './worker.ts';

type Which = 'errors' | 'times';

const counted = (rows: number) => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

/** The bench on the visitor's GPU: who is right, and who is fast.
 * For tests: data-errors and data-times count the rows that a finished run has shown; data-running says that one runs. */
export class ProofPanel extends Panel {
  readonly #state = remembered(this, { tfjs: yes(false), ort: yes(false) });
  readonly #check = button('Check the results', () => this.#start('errors'));
  readonly #race = button('Race', () => this.#start('times'));
  readonly #stop = button('Stop', () => this.#order({ stop: true }));
  readonly #tables: Readonly<Record<Which, Table>> = { errors: new Table('Errors'), times: new Table('Times') };
  readonly #reports: Partial<Record<Which, Report>> = {};
  #worker: Worker | undefined;
  #which: Which = 'errors';

  override connectedCallback(): void {
    if (!this.firstElementChild) {
      this.innerHTML = markup;
      this.classList.add('lesson');
    }
    super.connectedCallback();
  }

  start(): void {
    this.find('.proof-peers').append(
      ...Object.entries(PEERS).map(([name, { title, megabytes }]) =>
        tick({ label: `${title} (loads ${megabytes} MB)`, value: this.#state[name as 'tfjs' | 'ort'] }),
      ),
    );
    this.find('.proof-buttons').append(this.#check, this.#race, this.#stop);
    for (const which of ['errors', 'times'] as const) this.find(`.proof-${which}`).append(this.#tables[which].element);
    this.find('.proof-copy').append(copyButton(() => this.#markdown()));
    this.find('.proof-copy button').textContent = 'Copy as Markdown';
    this.find('.proof-form').addEventListener('submit', (event) => event.preventDefault());
    this.#run(false);
    effect(() => {
      const paused = !this.visible.value;
      if ('running' in this.dataset) this.#order({ paused });
    });
    this.dataset['ready'] = '';
  }

  #order(order: Order): void {
    this.#worker?.postMessage(order);
  }

  #run(running: boolean): void {
    this.toggleAttribute('data-running', running);
    this.#check.disabled = this.#race.disabled = running;
    this.#stop.disabled = !running;
    this.find<HTMLButtonElement>('.proof-copy button').disabled = running || !Object.keys(this.#reports).length;
  }

  #start(which: Which): void {
    this.#which = which;
    delete this.dataset[which];
    delete this.#reports[which];
    this.#tables[which].clear();
    this.#run(true);
    this.#say('Starting …');
    this.#worker ??= this.#open();
    const peers = Object.entries(this.#state).flatMap(([name, { value }]) => (value ? [name] : []));
    const rows = which === 'errors' ? CHECKS : RACES;
    this.#order({ run: { only: rows.join(','), peers, timed: which === 'times' } });
  }

  #open(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<News>) => this.#hear(data));
    worker.addEventListener('error', (event) => this.#hear({ failed: event.message || 'its script could not be loaded' }));
    return worker;
  }

  #hear(news: News): void {
    if ('text' in news) {
      this.#say(news.total ? `${news.done} of ${news.total}: ${news.text}` : news.text);
      this.find<HTMLProgressElement>('.proof-progress').value = news.total ? news.done / news.total : 0;
    } else if ('row' in news) this.#row(news.row, news.report);
    else if ('waiting' in news) this.#say(`Waits after ${counted(news.waiting)}, until it is in view again.`);
    else if ('failed' in news) {
      this.#say(`It could not run: ${news.failed}.`);
      this.#run(false);
    } else this.#finish(news.finished, news.stopped);
  }

  #row(row: Row, report: Report): void {
    this.#reports[this.#which] = report;
    if (this.#which === 'times') addTimes(this.#tables.times, row, report);
    else addErrors(this.#tables.errors, row, report);
  }

  #finish(report: Report, stopped: boolean): void {
    this.#reports[this.#which] = report;
    this.dataset[this.#which] = String(report.rows.length);
    this.find<HTMLProgressElement>('.proof-progress').value = stopped ? 0 : 1;
    this.#say(`${stopped ? 'Stopped' : 'Done'}: ${counted(report.rows.length)}.`);
    if (this.#which === 'errors') this.find('.proof-verdict').textContent = verdicts(report).join('\n');
    else
      this.find('.proof-adapter').textContent =
        `${report.adapter}${report.software ? ', a software adapter: these times say little about GPUs' : ''}. ${roofText(report.roofs[0]!)}.`;
    this.#judge();
    this.#run(false);
  }

  /** Our own results against float64, of all runs. */
  #judge(): void {
    const ours = Object.values(this.#reports).flatMap(({ rows }) => rows.flatMap(({ timings }) => timings.filter((t) => t.library === 'ours')));
    if (!ours.length) return;
    const equal = ours.every((t) => !t.wrong);
    const badge = this.find('.proof-badge');
    badge.className = `badge proof-badge ${equal ? 'good' : 'bad'}`;
    badge.textContent = `Ours ${equal ? '=' : '≠'} float64 reference in ${ours.length} results, largest error ${tiny(Math.max(...ours.map((t) => t.error)))} of the largest value`;
  }

  #say(text: string): void {
    this.find('.proof-status').textContent = text;
  }

  #markdown(): string {
    const { errors, times } = this.#reports;
    return [...(errors ? [...verdicts(errors).map((line) => `- ${line}`)] : []), ...(times ? [markdown(times)] : [])].join('\n\n');
  }
}
