import { type Context, UpsampleError } from '../../src/index.ts';
import { openGpu, whyNoGpu } from '../gpu.ts';
import { button, pick, tick } from '../kit/controls.ts';
import { drawn, element } from '../kit/dom.ts';
import { Heatmap } from '../kit/heatmap.ts';
import { Lesson } from '../kit/lesson.ts';
import { still } from '../kit/motion.ts';
import { remembered, word, yes } from '../kit/state.ts';
import { Turns } from '../kit/turns.ts';
import { autoencoder, DECODERS, type Decoder } from '../networks/autoencoder.ts';
import { effect, signal } from '../signal.ts';
import { nextTask } from '../task.ts';
import { training } from './code.ts';
import { Curves, type Line } from './curves.ts';
import { Batches, middle, SIDE, strip, unseen } from './digits.ts';
import { forward } from './forward.ts';
import { Learner } from './learner.ts';
import markup from './train.html?raw';

const NAMES: Readonly<Record<Decoder, string>> = {
  transposed: 'Transposed convolution',
  resize: 'Nearest, then convolution',
  unpool: 'Max unpooling',
  shuffle: 'Pixel shuffle',
};
const LINES: Readonly<Record<Decoder, Line>> = {
  transposed: { name: NAMES.transposed, colour: '--transposed', dash: [] },
  resize: { name: NAMES.resize, colour: '--resize', dash: [9, 4] },
  unpool: { name: NAMES.unpool, colour: '--unpool', dash: [3, 3] },
  shuffle: { name: NAMES.shuffle, colour: '--shuffle', dash: [12, 4, 3, 4] },
};

const RATES = ['0.0005', '0.001', '0.002', '0.005', '0.01', '0.02'] as const;
const SIZES = ['4', '8', '16', '32', '64'] as const;
const named = <W extends string>(words: readonly W[]): Record<W, string> => Object.assign({}, ...words.map((w) => ({ [w]: w })));

/** Milliseconds that one decoder's turn may take before the next has its own: below the first there is room for more steps, above the second for fewer. */
const [BRIEF, LONG] = [12, 32];
const MOST_STEPS = 16;
/** Milliseconds between two drawings; more where drawing takes long. */
const REDRAW = 400;
/** Milliseconds between two comparisons with the reference. */
const COMPARE = 5000;

/** One row: what a decoder has come to. */
class Row {
  readonly element: HTMLTableRowElement;
  readonly picture: Heatmap;
  readonly #cells = Array.from({ length: 4 }, () => element('td'));

  constructor(readonly decoder: Decoder) {
    const { name, colour, dash } = LINES[decoder];
    const line = drawn('line', { x1: 0, x2: 28, y1: 4, y2: 4, stroke: `var(${colour})`, 'stroke-dasharray': dash.join(' ') });
    const swatch = drawn('svg', { class: 'swatch', viewBox: '0 0 28 8', 'aria-hidden': 'true' }, line);
    this.element = element('tr', { 'data-decoder': decoder }, element('th', { scope: 'row' }, swatch, name), ...this.#cells);
    this.picture = new Heatmap({ label: name, plain: true, grey: true });
    this.picture.show(strip(new Float32Array(10 * SIDE ** 2))); // black, and as large as it will be: what lies below does not jump
  }

  show(learner: Learner | undefined): void {
    const { losses = [], drawn, pace = 0 } = learner ?? {};
    const loss = losses.at(-1);
    const words = [losses.length, loss?.toFixed(4) ?? '–', drawn?.error.toFixed(4) ?? '–', pace ? (1000 / pace).toPrecision(2) : '–'];
    for (const [i, cell] of this.#cells.entries()) cell.textContent = String(words[i]);
    if (!drawn) return;
    const { name } = LINES[this.decoder];
    this.picture.label(name, `${name}: the digits 0 to 9 as drawn after ${losses.length} steps, mean square error ${drawn.error.toFixed(4)}`);
    this.picture.show(strip(drawn.pictures));
  }
}

/** Autoencoders that differ in how they go up, learning side by side. */
export class TrainPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    lr: word('0.01', RATES),
    batch: word('16', SIZES),
    transposed: yes(true),
    resize: yes(true),
    unpool: yes(true),
    shuffle: yes(false),
  });
  readonly #ready = signal(false);
  readonly #turns = new Turns(this, { round: () => this.#round(this.#steps), rest: () => this.#settle(), fail: (error) => this.#fail(error) });
  #rows: readonly Row[] = [];
  #unseen: Float32Array = new Float32Array();
  #batches = new Batches();
  #learners = new Map<Decoder, Learner>();
  #ctx: Context | undefined;
  #curves: Curves | undefined;
  /** Steps of a turn. */
  #steps = 1;
  #drawnAt = 0;
  #comparedAt = 0;
  #next = 0;

  /** What the decoders made of the unseen digits last, for those who want the numbers. */
  get drawn(): Readonly<Record<string, ArrayLike<number>>> {
    return Object.fromEntries([['original', this.#unseen], ...[...this.#learners].map(([name, { drawn }]) => [name, drawn?.pictures ?? []] as const)]);
  }

  get #chosen(): Decoder[] {
    return DECODERS.filter((decoder) => this.#state[decoder].value);
  }

  start(): void {
    const state = this.#state;
    const { running } = this.#turns;
    this.#rows = DECODERS.map((decoder) => new Row(decoder));
    this.#unseen = unseen();
    const original = new Heatmap({ label: 'Original', plain: true, grey: true });
    original.label('Original', 'Original: drawn digits 0 to 9');
    original.show(strip(this.#unseen));
    this.find('.train-pictures').append(original.element, ...this.#rows.map((row) => row.picture.element));
    this.find('.train-table tbody').append(...this.#rows.map((row) => row.element));
    this.#curves = new Curves(
      this.find('.train-plot'),
      DECODERS.map((decoder) => LINES[decoder]),
    );
    const go = button('Start', () => {
      running.value = !running.value;
    });
    const one = button('One step', () => {
      running.value = false;
      void this.#turns.queue(() => this.#round(1));
      void this.#turns.queue(() => this.#settle());
    });
    const reset = button('Reset', () => {
      void this.#turns.queue(() => this.#reset());
    });
    this.find('.controls').append(
      element('div', { class: 'train-buttons' }, go, one, reset),
      pick({ label: 'Learning rate', value: state.lr, options: named(RATES) }),
      pick({ label: 'Batch', value: state.batch, options: named(SIZES) }),
      element(
        'fieldset',
        { class: 'control train-decoders' },
        element('legend', {}, 'Decoders'),
        ...DECODERS.map((decoder) => tick({ label: NAMES[decoder], value: state[decoder] })),
      ),
    );
    effect(() => {
      go.textContent = running.value ? 'Pause' : 'Start';
      for (const made of [go, one, reset]) made.disabled = !this.#ready.value;
    });
    effect(() => this.code.show(training(this.#chosen[0] ?? 'transposed', state.lr.value, state.batch.value)));
    effect(() => {
      const chosen = this.#chosen;
      for (const { decoder, element, picture } of this.#rows) element.hidden = picture.element.hidden = !chosen.includes(decoder);
      if (this.#ready.value) void this.#turns.queue(() => this.#settle()); // one that is new draws, too
    });
    this.#show();
    void this.#open();
  }

  async #open(): Promise<void> {
    const { ctx, error } = await openGpu();
    if (!ctx) {
      this.explain(`Training needs WebGPU, and the reference on the CPU has no training step. ${whyNoGpu(error.reason ?? error.code)}`);
      return;
    }
    this.#ctx = ctx;
    while (this.#batches.begin()) await nextTask();
    this.#ready.value = true;
    this.#turns.running.value = !still();
  }

  #fail(error: unknown): void {
    if (!(error instanceof UpsampleError)) throw error;
    this.#ready.value = error.code !== 'device-lost';
    this.explain(error.code === 'device-lost' ? whyNoGpu('device-lost') : error.message);
  }

  #learner(decoder: Decoder): Learner {
    const known = this.#learners.get(decoder) ?? new Learner(this.#ctx!, decoder);
    this.#learners.set(decoder, known);
    return known;
  }

  /** Some steps of every decoder, each on the same batches. One waits for the GPU before the next begins: neither may be kept from the page for long. */
  async #round(steps: number): Promise<void> {
    const decoders = this.#chosen;
    if (!decoders.length) {
      this.#turns.running.value = false;
      return;
    }
    const [size, lr] = [Number(this.#state.batch.value), Number(this.#state.lr.value)];
    const batches = Array.from({ length: steps }, () => this.#ctx!.tensor(this.#batches.next(size), [size, 1, SIDE, SIDE]));
    let longest = 0;
    try {
      for (const decoder of decoders) longest = Math.max(longest, await this.#learner(decoder).learn(batches, lr));
    } finally {
      for (const batch of batches) batch.dispose();
    }
    if (longest > LONG) this.#steps = Math.max(1, this.#steps >> 1);
    else if (longest < BRIEF) this.#steps = Math.min(MOST_STEPS, this.#steps * 2);
    const now = performance.now();
    if (now - this.#drawnAt > REDRAW) {
      await this.#draw();
      const taken = performance.now() - now;
      this.#drawnAt = performance.now() + 4 * taken; // a fifth of the time at most
    }
    if (now - this.#comparedAt > COMPARE) await this.#compare(decoders[this.#next++ % decoders.length]!);
    this.#show();
  }

  /** Draws and compares what there is. */
  async #settle(): Promise<void> {
    await this.#draw();
    for (const decoder of this.#chosen) await this.#compare(decoder);
  }

  async #draw(): Promise<void> {
    const x = this.#ctx!.tensor(this.#unseen, [10, 1, SIDE, SIDE]);
    try {
      for (const decoder of this.#chosen) await this.#learner(decoder).draw(x);
    } finally {
      x.dispose();
    }
    this.#show();
  }

  async #reset(): Promise<void> {
    for (const learner of this.#learners.values()) learner.dispose();
    this.#learners.clear();
    this.#batches = new Batches();
    while (this.#batches.begin()) await nextTask();
    await this.#settle();
  }

  /** The middle of an unseen digit through the network as it is now, and through the reference with the same weights. */
  async #compare(decoder: Decoder): Promise<void> {
    const weights = await this.#learner(decoder).weights();
    this.compute(
      {
        inputs: { x: { data: middle(this.#unseen.subarray(3 * SIDE ** 2)), shape: [1, 1, 12, 12] } },
        gpu: ({ x }, ctx) => {
          const copies = Object.fromEntries(Object.entries(weights).map(([name, { data, shape }]) => [name, ctx.tensor(data, shape)]));
          return autoencoder(ctx, { decoder, weights: copies }).infer(x);
        },
        cpu: ({ x }) => forward(decoder, weights, x),
        show: () => {},
      },
      decoder,
    );
    this.#comparedAt = performance.now();
  }

  #show(): void {
    for (const row of this.#rows) row.show(this.#learners.get(row.decoder));
    const chosen = this.#chosen;
    const losses = DECODERS.map((decoder) => (chosen.includes(decoder) ? (this.#learners.get(decoder)?.losses ?? []) : []));
    const spoken = DECODERS.flatMap((decoder, i) => losses[i]!.at(-1)?.toFixed(4).replace(/^/, `${NAMES[decoder]} `) ?? []);
    this.#curves!.show(losses, `Loss of each batch, step by step${spoken.length ? `; now ${spoken.join(', ')}` : ''}. The table below has the numbers.`);
    this.dataset['steps'] = String(Math.max(0, ...losses.map((line) => line.length)));
  }
}
