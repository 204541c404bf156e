import { bicubic2d, conv1dBackward, conv2d, conv2dBackward, convTranspose1d, convTranspose2d, icnr, pixelShuffle, resizeConv2d } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { options } from '../kit/code.ts';
import { button, choice, range } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { Heatmap } from '../kit/heatmap.ts';
import { Lesson } from '../kit/lesson.ts';
import { short, tiny } from '../kit/numbers.ts';
import { remembered, whole, word } from '../kit/state.ts';
import { effect, signal } from '../signal.ts';
import markup from './checker.html?raw';
import { CODE, inputsOf, NAMES, pictures, SIDE } from './generators.ts';
import { inside, type Overlap, OverlapFigure } from './overlap.ts';
import { drawnPower, powerOf, repeating } from './spectrum.ts';

/** The generators' functions, named one by one: the rest of the library stays out of the page. */
const GPU = { bicubic2d, conv2d, conv2dBackward, convTranspose2d, pixelShuffle, resizeConv2d };
const PLAIN = {
  bicubic2d: reference.bicubic2d,
  conv2d: reference.conv2d,
  conv2dBackward: reference.conv2dBackward,
  convTranspose2d: reference.convTranspose2d,
  pixelShuffle: reference.pixelShuffle,
  resizeConv2d: reference.resizeConv2d,
};

/** Inputs a side. */
const CELLS = { 1: 6, 2: 10 } as const;
const STRIDE = 2;

const ONES = (n: number) => new Float32Array(n).fill(1);
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
const percent = (share: number) => `${short(100 * share, share < 0.01 ? 2 : 1)} %`;

/** One way to enlarge: its picture, its spectrum, and how much of it is the stride's pattern. */
class Card {
  readonly element: HTMLElement;
  readonly #picture: Heatmap;
  readonly #spectrum: Heatmap;
  readonly #share = element('strong');
  readonly #bar = element('div', { class: 'checker-share', 'aria-hidden': 'true' });

  constructor(readonly name: string) {
    this.#picture = new Heatmap({ label: name, plain: true });
    this.#spectrum = new Heatmap({ label: 'Spectrum', plain: true });
    // Frequency 0 lies a quarter from the corner, half a turn at three quarters.
    const spot = (kind: string, r: number, c: number) =>
      element('span', { class: `spot ${kind}`, 'aria-hidden': 'true', style: `top: ${(100 * (r + 0.5)) / SIDE}%; left: ${(100 * (c + 0.5)) / SIDE}%` });
    const [zero, half] = [SIDE / 4, (3 * SIDE) / 4];
    this.#spectrum.field.append(spot('zero', zero, zero), spot('ring', zero, half), spot('ring', half, zero), spot('ring', half, half));
    this.element = element('div', { class: 'checker-card' }, this.#picture.element, this.#spectrum.element, this.#bar, element('p', {}, this.#share));
  }

  /** @returns the share of the picture's variation that repeats with the stride */
  show(picture: ArrayLike<number>): number {
    const mean = Array.from(picture).reduce((a, b) => a + b, 0) / picture.length;
    const values = Array.from(picture, (v) => v - mean);
    const power = powerOf(values, SIDE);
    const share = repeating(power, SIDE, STRIDE);
    const deviation = Math.sqrt(values.reduce((a, v) => a + v * v, 0) / values.length);
    this.#picture.label(this.name, `${this.name}: the picture`);
    this.#picture.show({ rows: SIDE, columns: SIDE, values, most: 2.5 * deviation }); // borders would pale the rest
    this.#spectrum.label('Spectrum', `${this.name}: the spectrum, ${percent(share)} of the energy at the stride’s frequencies`);
    this.#spectrum.show({ rows: SIDE, columns: SIDE, values: drawnPower(power, SIDE), most: 1 });
    this.#share.textContent = percent(share);
    this.#bar.style.setProperty('--share', String(share));
    this.element.dataset['share'] = String(share);
    return share;
  }
}

/** Uneven overlap, in results, in random generators and in gradients. */
export class CheckerPanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    dims: word('2', ['1', '2']),
    kernel: whole(3, 1, 7),
    stride: whole(2, 1, 4),
    seed: whole(1, 1, 9999),
  });
  readonly #overlap = signal<Overlap | undefined>(undefined);

  start(): void {
    const state = this.#state;
    const figure = new OverlapFigure(this.find('.checker-overlap'));
    const cards = NAMES.map((name) => new Card(name));
    this.find('.checker-cards').append(...cards.map((card) => card.element));
    this.find('.controls').append(
      choice({ label: 'Dimensions', value: state.dims, options: { 1: '1-D', 2: '2-D' } }),
      range({ label: 'Kernel k', value: state.kernel, min: 1, max: 7 }),
      range({ label: 'Stride s', value: state.stride, min: 1, max: 4 }),
    );
    this.find('.checker-again').append(
      button('Other weights', () => {
        state.seed.value = (state.seed.value % 9999) + 1;
      }),
    );
    effect(() => this.#count());
    effect(() => {
      const now = this.#overlap.value;
      if (now) figure.show(now);
    });
    effect(() => {
      const now = this.#overlap.value;
      if (now) this.#say(now, now.dims === 2 ? figure.looked : undefined);
    });
    effect(() => this.#generate(cards));
    effect(() => this.#write());
  }

  #count(): void {
    const dims = this.#state.dims.value === '1' ? 1 : 2;
    const [kernel, stride, cells] = [this.#state.kernel.value, this.#state.stride.value, CELLS[dims]];
    const side = (cells - 1) * stride + kernel;
    const cube = (n: number) => new Array<number>(dims).fill(n);
    const settings = { stride };
    const wanted = { stride, gradients: ['dx'] as const };
    const [up, back] = dims === 1 ? [convTranspose1d, conv1dBackward] : [convTranspose2d, conv2dBackward];
    const plain =
      dims === 1 ? ([reference.convTranspose1d, reference.conv1dBackward] as const) : ([reference.convTranspose2d, reference.conv2dBackward] as const);
    this.compute(
      {
        inputs: {
          ones: { data: ONES(cells ** dims), shape: [1, 1, ...cube(cells)] },
          w: { data: ONES(kernel ** dims), shape: [1, 1, ...cube(kernel)] },
          x: { data: new Float32Array(side ** dims), shape: [1, 1, ...cube(side)] },
        },
        gpu: ({ ones, w, x }) => [up(ones, w, settings), back(ones, x, w, wanted).dx],
        cpu: ({ ones, w, x }) => [plain[0](ones, w, settings), plain[1](ones, x, w, wanted).dx],
        show: (map, gradient) => {
          this.#overlap.value = { dims, kernel, stride, side, cells, map: map!.data, gradient: gradient!.data };
        },
      },
      'overlap',
    );
  }

  #say(now: Overlap, looked: number | undefined): void {
    const { dims, kernel, stride, side, map, gradient } = now;
    const [least, most] = inside(now);
    const stamps = (n: number) => `${short(n)} ${n === 1 ? 'stamp' : 'stamps'}`;
    const rest = kernel % stride;
    const counts =
      least === most
        ? `Inside, every result gets ${stamps(most)}: stride ${stride} divides kernel ${kernel}.`
        : `Inside, a result gets ${short(least)} to ${stamps(most)}: kernel ${kernel} over stride ${stride} leaves ${rest}${dims === 2 ? ', along both axes' : ''}.`;
    const same = `Largest difference between the stamps and the gradient: ${tiny(apart(map, gradient))}.`;
    const one = looked === undefined || looked >= map.length ? '' : ` [${Math.floor(looked / side)}, ${looked % side}]: ${stamps(map[looked]!)}.`;
    const text = `${counts} ${same}${one}`;
    const line = this.find('.checker-says');
    if (line.textContent !== text) line.textContent = text;
  }

  #generate(cards: readonly Card[]): void {
    this.compute(
      {
        inputs: inputsOf(this.#state.seed.value, icnr),
        gpu: (inputs) => pictures(GPU, inputs),
        cpu: (inputs) => pictures<reference.Plain>(PLAIN, inputs),
        show: (...drawn) => {
          const shares = drawn.map(({ data }, i) => cards[i]!.show(data));
          const [k3, k4, resized, shuffled, alike] = shares.map(percent);
          this.find('.checker-verdict').textContent =
            `Kernel 4 overlaps evenly, but only equal weights profit from that: ${k4} here, ${k3} with kernel 3, ${shuffled} of the pixel shuffle, whose four phases have nothing in common. Enlarging by nearest first leaves ${resized}, ICNR weights ${alike}. The gradient differs from the first picture by ${tiny(apart(drawn[0]!.data, drawn[5]!.data))}: it is the same operation.`;
        },
      },
      'generators',
    );
  }

  #write(): void {
    const { dims, kernel, stride } = this.#state;
    const [d, k, s] = [Number(dims.value) as 1 | 2, kernel.value, stride.value];
    const cells = CELLS[d];
    const side = (cells - 1) * s + k;
    const shape = (n: number) => `[1, 1, ${new Array(d).fill(n).join(', ')}]`;
    this.code.show(
      [
        `import { ${[...new Set(['bicubic2d', 'conv2d', `conv${d}dBackward`, 'conv2dBackward', `convTranspose${d}d`, 'convTranspose2d', 'createContext', 'pixelShuffle', 'resizeConv2d'])].join(', ')} } from 'webgpu-upsample'`,
        '',
        'const ctx = await createContext()',
        `const ones = ctx.tensor(new Float32Array(${cells ** d}).fill(1), ${shape(cells)})`,
        `const w = ctx.tensor(new Float32Array(${k ** d}).fill(1), ${shape(k)})`,
        `const stamps = convTranspose${d}d(ones, w, ${options({ stride: s })}) // ${shape(side)}`,
        `const x = ctx.tensor(new Float32Array(${side ** d}), ${shape(side)}) // dx does not depend on it`,
        `const { dx } = conv${d}dBackward(ones, x, w, ${options({ stride: s, gradients: ['dx'] })}) // the same numbers`,
        '',
        '// With random weights',
        ...CODE,
      ].join('\n'),
    );
  }
}
