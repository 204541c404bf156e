import { type Context, convTranspose2d } from '../../src/index.ts';
import { crop } from '../../src/nn/index.ts';
import * as reference from '../../src/reference.ts';
import { choice } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { type Fcn, fcn } from '../networks/fcn.ts';
import type { Signal } from '../signal.ts';
import { Learning } from './learning.ts';
import { CLASSES, SIZE, unseen } from './scenes.ts';
import { type Host, lead, read, Station, type View, weighted } from './view.ts';

type Skips = '0' | '1' | '2';
const STRIDE = { 0: 8, 1: 4, 2: 2 } as const;
/** What stages are called, by the stride that they end at. */
const GROWN = { 8: 'score', 4: 'score_pool2', 2: 'score_pool1' } as const;

/** A fully convolutional network: coarse scores grow, and finer ones are added. */
export class FcnView implements View {
  readonly about =
    'A fully convolutional network scores what is shape and what is ground, at an eighth of the size, and lets the scores grow by transposed convolutions. Each skip adds scores from before a pooling, where places were still known. Train it with and without.';
  readonly element = element('div', { class: 'inside-fcn' });
  readonly controls: HTMLElement;
  readonly #host: Host;
  readonly #skips: Signal<Skips>;
  readonly #scene: Signal<number>;
  readonly #x = new Station({ name: 'Scene, 32 × 32', does: 'Drawn, never learnt from', grey: true });
  readonly #truth = new Station({ name: 'What is shape', does: 'The answer', grey: true });
  readonly #stride8 = new Station({ name: 'Scores at 4 × 4', does: 'Convolutions, and maxPool2d three times', to: 'unpool' });
  readonly #stride4 = new Station({ name: 'Scores at 8 × 8', does: 'convTranspose2d 4 × 4, stride 2, and the skip', to: 'stamps' });
  readonly #stride2 = new Station({ name: 'Scores at 16 × 16', does: 'convTranspose2d 4 × 4, stride 2, and the skip', to: 'stamps' });
  readonly #scores = {
    2: new Station({ name: 'Scores at 32 × 32', does: 'convTranspose2d 4 × 4, stride 2', to: 'stamps' }),
    4: new Station({ name: 'Scores at 32 × 32', does: 'convTranspose2d 8 × 8, stride 4', to: 'stamps' }),
    8: new Station({ name: 'Scores at 32 × 32', does: 'convTranspose2d 16 × 16, stride 8', to: 'stamps' }),
  } as const;
  readonly #learning = new Map<Skips, Learning<Fcn>>();

  constructor(host: Host, skips: Signal<Skips>, scene: Signal<number>, ...controls: HTMLElement[]) {
    this.#host = host;
    this.#skips = skips;
    this.#scene = scene;
    const { 2: s2, 4: s4, 8: s8 } = this.#scores;
    this.element.append(...[this.#x, this.#truth, this.#stride8, this.#stride4, this.#stride2, s2, s4, s8].map((station) => station.element));
    this.controls = element('div', {}, choice({ label: 'Skips', value: skips, options: { 0: 'None', 1: 'One', 2: 'Two' } }), ...controls);
  }

  #learner(ctx: Context): Learning<Fcn> {
    const skips = this.#skips.value;
    const known = this.#learning.get(skips) ?? new Learning(fcn(ctx, { classes: CLASSES, stride: STRIDE[skips] }));
    this.#learning.set(skips, known);
    return known;
  }

  learn(ctx: Context): Promise<void> {
    return this.#learner(ctx).step(ctx);
  }

  /** Begins anew. */
  reset(): void {
    for (const { network } of this.#learning.values()) network.dispose();
    this.#learning.clear();
  }

  async update(ctx: Context): Promise<void> {
    const learner = this.#learner(ctx);
    const stride = STRIDE[this.#skips.value];
    const scene = unseen(this.#scene.value);
    const x = ctx.tensor(scene.x, [1, 1, SIZE, SIZE]);
    const tensors = learner.network.stages(x);
    x.dispose();
    const stages = await read(tensors);
    const last = stages[`stride${stride}`]!;
    const layer = await weighted(learner.network.parameters, 'upscore');
    const square = (values: ArrayLike<number>) => ({ rows: SIZE, columns: SIZE, values });
    this.#x.show(square(scene.x));
    this.#truth.show(square(scene.classes));
    this.#stride8.show(lead(stages['stride8']!));
    for (const [at, station] of [[4, this.#stride4] as const, [2, this.#stride2] as const]) {
      const there = stages[`stride${at}`];
      station.element.hidden = !there;
      if (there) station.show(lead(there));
    }
    for (const at of [2, 4, 8] as const) this.#scores[at].element.hidden = at !== stride;
    const start = [stride / 2, stride / 2];
    this.#host.compute({
      inputs: { x: last, ...layer },
      gpu: ({ x, w, bias }) => crop(convTranspose2d(x, w, { bias, stride }), { start, size: [SIZE, SIZE] }),
      cpu: ({ x, w, bias }) => reference.crop(reference.convTranspose2d(x, w, { bias, stride }), { start, size: [SIZE, SIZE] }),
      show: (scores) => this.#scores[stride].show(lead(scores)),
    });
    this.#host.say(learner.report(scene, stages['scores']!));
  }

  code(): string {
    const skips = this.#skips.value;
    const stride = STRIDE[skips];
    const side = (at: number) => `[1, ${CLASSES}, ${SIZE / at}, ${SIZE / at}]`;
    const steps = ([4, 2] as const)
      .filter((at) => at >= stride)
      .map((at) => {
        const size = SIZE / at;
        const from = at === 4 ? 'score' : 'score_pool2';
        return `const ${GROWN[at]} = add(crop(grow(${from}, 2), { start: [1, 1], size: [${size}, ${size}] }), finer(${side(at)})) // a skip`;
      });
    return `import { convTranspose2d, createContext } from 'webgpu-upsample'
import { add, bilinearFilter, crop, heNormal } from 'webgpu-upsample/nn'

const ctx = await createContext()
const finer = (shape) => heNormal(ctx, shape) // the scores of a pooling, by a 1 × 1 convolution
const grow = (x, stride) => convTranspose2d(x, bilinearFilter(ctx, [${CLASSES}, ${CLASSES}, 2 * stride, 2 * stride]), { stride })
const score = finer(${side(8)})
${steps.length ? `${steps.join('\n')}\n` : ''}const y = crop(grow(${GROWN[stride]}, ${stride}), { start: [${stride / 2}, ${stride / 2}], size: [${SIZE}, ${SIZE}] })
console.log(await y.data()) // ${side(1)}`;
  }
}
