import { type Context, convTranspose2d } from '../../src/index.ts';
import { loadSafetensors } from '../../src/io/index.ts';
import { Random } from '../../src/nn/index.ts';
import * as reference from '../../src/reference.ts';
import { list } from '../kit/code.ts';
import { button, range } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { short } from '../kit/numbers.ts';
import { type Dcgan, dcgan, LATENT } from '../networks/dcgan.ts';
import type { Signal } from '../signal.ts';
import { type Host, mosaic, read, Station, type View, weighted } from './view.ts';

const WEIGHTS = new URL('../networks/weights/dcgan.safetensors', import.meta.url);
const LAST = { stride: 2, padding: 1, activation: 'tanh' } as const;

const STAGES = [
  { name: '48 maps of 4 × 4', does: 'convTranspose2d 4 × 4, batch norm, relu', across: 8 },
  { name: '24 maps of 8 × 8', does: 'convTranspose2d 4 × 4, stride 2, batch norm, relu', across: 5 },
  { name: '12 maps of 16 × 16', does: 'convTranspose2d 4 × 4, stride 2, batch norm, relu', across: 4 },
] as const;

/** A generator: numbers in, a digit out. */
export class DcganView implements View {
  readonly about =
    'A generator of a DCGAN, trained beforehand on the digits of the panel above, draws a picture of 16 numbers. Each stage is a transposed convolution that doubles the size; kernel 4 and stride 2 overlap evenly.';
  readonly element = element('div', { class: 'inside-dcgan' });
  readonly controls: HTMLElement;
  readonly #latent: Signal<readonly number[]>;
  readonly #host: Host;
  readonly #numbers = new Station({ name: 'z, 16 numbers', does: 'Yours' });
  readonly #stages = STAGES.map((stage) => new Station({ ...stage, to: 'stamps' }));
  readonly #picture = new Station({ name: 'The picture, 32 × 32', does: 'convTranspose2d 4 × 4, stride 2, tanh', to: 'stamps', grey: true });
  #network: Promise<Dcgan> | undefined;

  constructor(host: Host, latent: Signal<readonly number[]>) {
    this.#host = host;
    this.#latent = latent;
    this.element.append(...[this.#numbers, ...this.#stages, this.#picture].map((station) => station.element));
    const random = new Random();
    const another = button('Other numbers', () => {
      latent.value = Array.from({ length: LATENT }, () => Math.min(3, Math.max(-3, Number(random.normal().toFixed(1)))));
    });
    const sliders = Array.from({ length: LATENT }, (_, i) => {
      const value: Signal<number> = {
        get value() {
          return latent.value[i] ?? 0;
        },
        set value(now) {
          latent.value = Array.from({ length: LATENT }, (_, k) => (k === i ? now : (latent.value[k] ?? 0)));
        },
      };
      return range({ label: `z${i + 1}`, value, min: -3, max: 3, step: 0.1, text: (v) => short(v, 1) });
    });
    this.controls = element('div', {}, element('div', { class: 'inside-buttons' }, another), element('div', { class: 'inside-latent' }, ...sliders));
  }

  get #z(): number[] {
    return Array.from({ length: LATENT }, (_, i) => this.#latent.value[i] ?? 0);
  }

  async update(ctx: Context): Promise<void> {
    this.#network ??= loadSafetensors(ctx, WEIGHTS).then((weights) => dcgan(ctx, { weights }));
    const network = await this.#network;
    const z = this.#z;
    const given = ctx.tensor(z, [1, LATENT, 1, 1]);
    const stages = network.stages(given);
    given.dispose();
    const made = await read(Object.fromEntries(stages.map((tensor, i) => [i, tensor])));
    const layer = await weighted(network.parameters, 'up4');
    this.#numbers.show({ rows: 4, columns: 4, values: z, most: 3 });
    for (const [i, station] of this.#stages.entries()) station.show(mosaic(made[i]!, STAGES[i]!.across));
    this.#host.compute({
      inputs: { x: made[2]!, ...layer },
      gpu: ({ x, w, bias }) => convTranspose2d(x, w, { bias, ...LAST }),
      cpu: ({ x, w, bias }) => reference.convTranspose2d(x, w, { bias, ...LAST }),
      show: ({ data }) => this.#picture.show({ rows: 32, columns: 32, values: Float32Array.from(data, (v) => (v + 1) / 2) }),
    });
    this.#host.say('');
  }

  code(): string {
    return `import { convTranspose2d, createContext } from 'webgpu-upsample'
import { loadSafetensors } from 'webgpu-upsample/io'
import { batchNorm, relu } from 'webgpu-upsample/nn'

const ctx = await createContext()
const w = await loadSafetensors(ctx, '${WEIGHTS.pathname.split('/').at(-1)}')
const norm = (x, name) => relu(batchNorm(x, { weight: w[name + '.weight'], bias: w[name + '.bias'],
  runningMean: w[name + '.running_mean'], runningVar: w[name + '.running_var'] }))
const z = ctx.tensor(${list(this.#z)}, [1, 16, 1, 1])
const y1 = norm(convTranspose2d(z, w['up1.weight'], { bias: w['up1.bias'] }), 'norm1') // [1, 48, 4, 4]
const y2 = norm(convTranspose2d(y1, w['up2.weight'], { bias: w['up2.bias'], stride: 2, padding: 1 }), 'norm2') // [1, 24, 8, 8]
const y3 = norm(convTranspose2d(y2, w['up3.weight'], { bias: w['up3.bias'], stride: 2, padding: 1 }), 'norm3') // [1, 12, 16, 16]
const y = convTranspose2d(y3, w['up4.weight'], { bias: w['up4.bias'], stride: 2, padding: 1, activation: 'tanh' })
console.log(await y.data()) // [1, 1, 32, 32], from -1 to 1`;
  }
}
