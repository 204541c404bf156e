import { type Context, convTranspose2d } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { tick } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { type Unet, unet } from '../networks/unet.ts';
import type { Signal } from '../signal.ts';
import { Learning } from './learning.ts';
import { CLASSES, SIZE, unseen } from './scenes.ts';
import { type Host, lead, mosaic, read, Station, type View, weighted } from './view.ts';

/** A U-Net: down, up, and across at every size. */
export class UnetView implements View {
  readonly about =
    'A U-Net goes down to see what and up to see where, and carries the features themselves across at every size. Train it, then cut what comes across: what is left is what the way up knows alone.';
  readonly element = element('div', { class: 'inside-unet' });
  readonly controls: HTMLElement;
  readonly #host: Host;
  readonly #cut: Signal<boolean>;
  readonly #scene: Signal<number>;
  readonly #stations = {
    x: new Station({ name: 'Scene, 32 × 32', does: 'Drawn, never learnt from', grey: true }),
    fine: new Station({ name: '8 maps of 32 × 32', does: 'conv2d twice' }),
    middle: new Station({ name: '16 maps of 16 × 16', does: 'maxPool2d, conv2d twice', to: 'unpool' }),
    coarse: new Station({ name: '32 maps of 8 × 8', does: 'maxPool2d, conv2d twice', to: 'unpool' }),
    up2: new Station({ name: '16 maps of 16 × 16', does: 'convTranspose2d 2 × 2, stride 2, concat, conv2d twice', to: 'stamps' }),
    up1: new Station({ name: '8 maps of 32 × 32', does: 'convTranspose2d 2 × 2, stride 2, concat, conv2d twice', to: 'stamps' }),
    scores: new Station({ name: 'Shape, less ground', does: 'conv2d 1 × 1' }),
  };
  readonly #across = [2, 1].map(() => element('p', { class: 'across' }));
  #learner: Learning<Unet> | undefined;

  constructor(host: Host, cut: Signal<boolean>, scene: Signal<number>, ...controls: HTMLElement[]) {
    this.#host = host;
    this.#cut = cut;
    this.#scene = scene;
    const { x, fine, middle, coarse, up2, up1, scores } = this.#stations;
    const placed: [HTMLElement, string][] = [
      [x.element, '1 / 1'],
      [fine.element, '1 / 2'],
      [this.#across[0]!, '1 / 3'],
      [up1.element, '1 / 4'],
      [scores.element, '1 / 5'],
      [middle.element, '2 / 2'],
      [this.#across[1]!, '2 / 3'],
      [up2.element, '2 / 4'],
      [coarse.element, '3 / 3'],
    ];
    for (const [part, area] of placed) part.style.setProperty('--area', area);
    // In the order of computation, which is that of reading.
    this.element.append(x.element, fine.element, middle.element, coarse.element, this.#across[1]!, up2.element, this.#across[0]!, up1.element, scores.element);
    this.controls = element('div', {}, tick({ label: 'Cut what comes across', value: cut }), ...controls);
  }

  #learning(ctx: Context): Learning<Unet> {
    return (this.#learner ??= new Learning(unet(ctx, { classes: CLASSES })));
  }

  learn(ctx: Context): Promise<void> {
    return this.#learning(ctx).step(ctx);
  }

  /** Begins anew. */
  reset(): void {
    this.#learner?.network.dispose();
    this.#learner = undefined;
  }

  async update(ctx: Context): Promise<void> {
    const learner = this.#learning(ctx);
    const cut = this.#cut.value;
    const scene = unseen(this.#scene.value);
    const x = ctx.tensor(scene.x, [1, 1, SIZE, SIZE]);
    const tensors = learner.network.stages(x, cut);
    x.dispose();
    const stages = await read(tensors);
    const layer = await weighted(learner.network.parameters, 'enlarge1');
    for (const part of this.#across) {
      part.textContent = cut ? 'cut: zeros' : 'copied across →';
      part.classList.toggle('cut', cut);
    }
    const stations = this.#stations;
    stations.x.show({ rows: SIZE, columns: SIZE, values: scene.x });
    for (const [name, across] of [['fine', 3] as const, ['middle', 4] as const, ['coarse', 6] as const, ['up2', 4] as const, ['up1', 3] as const])
      stations[name].show(mosaic(stages[name], across));
    stations.scores.show(lead(stages.scores));
    this.#host.compute({
      inputs: { x: stages.up2, ...layer },
      gpu: ({ x, w, bias }) => convTranspose2d(x, w, { bias, stride: 2 }),
      cpu: ({ x, w, bias }) => reference.convTranspose2d(x, w, { bias, stride: 2 }),
      show: () => {},
    });
    this.#host.say(`${learner.report(scene, stages.scores)}${cut ? ' Nothing comes across.' : ''}`);
  }

  code(): string {
    return `import { convTranspose2d, createContext } from 'webgpu-upsample'
import { concat, heNormal${this.#cut.value ? ', scale' : ''} } from 'webgpu-upsample/nn'

const ctx = await createContext()
const middle = heNormal(ctx, [1, 16, 16, 16]) // from the way down
const coarse = heNormal(ctx, [1, 32, 8, 8])
const enlarged = convTranspose2d(coarse, heNormal(ctx, [32, 16, 2, 2]), { stride: 2 }) // [1, 16, 16, 16]
const y = concat([${this.#cut.value ? 'scale(middle, 0)' : 'middle'}, enlarged]) // [1, 32, 16, 16], for two convolutions
console.log(y.shape)`;
  }
}
