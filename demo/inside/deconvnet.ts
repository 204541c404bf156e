import { type Context, conv2d, convTranspose2d, maxPool2d, maxUnpool2d, type Tensor } from '../../src/index.ts';
import { loadSafetensors } from '../../src/io/index.ts';
import * as reference from '../../src/reference.ts';
import { range } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { short } from '../kit/numbers.ts';
import { type Activation, deconvnet, stages } from '../networks/deconvnet.ts';
import type { Signal } from '../signal.ts';
import { middle, SIDE, unseen } from '../train/digits.ts';
import { type Host, mosaic, read, Station, type View, weighted } from './view.ts';

const WEIGHTS = new URL('../networks/weights/autoencoder.safetensors', import.meta.url);
const WINDOW = { kernelSize: 2 };
const SAME = { padding: 1 };
const RELU = { padding: 1, activation: 'relu' } as const;

/** Features of the last stage. */
export const FEATURES = 16;

/** Digits in a row, and a line between. */
const ACROSS = 5;
const STEP = SIDE + 1;

/** The pixels that an activation can see, upon a picture of all digits. */
function field({ field: { rows, columns } }: Activation, digit: number): HTMLElement {
  const inside = (v: number) => Math.min(SIDE, Math.max(0, v));
  const [top, bottom, left, right] = [inside(rows[0]), inside(rows[1] + 1), inside(columns[0]), inside(columns[1] + 1)];
  const [row, column] = [Math.floor(digit / ACROSS), digit % ACROSS];
  const [height, width] = [2 * STEP - 1, ACROSS * STEP - 1];
  const percent = (v: number, of: number) => `${(100 * v) / of}%`;
  const box = element('div', { class: 'inside-seen', 'aria-hidden': 'true' });
  Object.assign(box.style, {
    top: percent(row * STEP + top, height),
    height: percent(bottom - top, height),
    left: percent(column * STEP + left, width),
    width: percent(right - left, width),
  });
  return box;
}

/** Which pixels excited a feature. */
export class DeconvnetView implements View {
  readonly about =
    'A deconvnet runs the encoder of a trained autoencoder backward, from the strongest activation of one feature alone: unpooling by the switches, relu, the same filters transposed. What comes out are the pixels that excited the feature, within the field that it can see.';
  readonly element = element('div', { class: 'inside-deconvnet' });
  readonly controls: HTMLElement;
  readonly #host: Host;
  readonly #feature: Signal<number>;
  readonly #digits = unseen();
  readonly #x = new Station({ name: 'Unseen digits, with the field of the activation', does: 'conv2d, relu, maxPool2d, twice', to: 'unpool', grey: true });
  readonly #pixels = new Station({ name: 'What excited the feature', does: 'maxUnpool2d, relu, convTranspose2d, twice', to: 'matrix' });
  #weights: Promise<Record<string, Tensor>> | undefined;

  constructor(host: Host, feature: Signal<number>) {
    this.#host = host;
    this.#feature = feature;
    this.element.append(this.#x.element, this.#pixels.element);
    this.controls = element('div', {}, range({ label: 'Feature', value: feature, min: 0, max: FEATURES - 1, text: (n) => `${n + 1} of ${FEATURES}` }));
  }

  async update(ctx: Context): Promise<void> {
    this.#weights ??= loadSafetensors(ctx, WEIGHTS, { only: (name) => name.startsWith('down') });
    const weights = await this.#weights;
    const x = ctx.tensor(this.#digits, [10, 1, SIDE, SIDE]);
    const feature = this.#feature.value;
    const { activations, pixels } = await deconvnet(ctx, x, stages(weights, ['down1', 'down2']), feature);
    x.dispose();
    const made = await read({ pixels });
    const ten = [1, 10, SIDE, SIDE];
    this.#x.show(mosaic({ data: this.#digits, shape: ten }, ACROSS));
    const most = Array.from(made.pixels.data).reduce((a, v) => Math.max(a, Math.abs(v)), 0) / 2; // a few pixels are far above the rest
    this.#pixels.show({ ...mosaic({ data: made.pixels.data, shape: ten }, ACROSS), most });
    const { field: over } = this.#x.map;
    for (const old of over.querySelectorAll('.inside-seen')) old.remove();
    over.append(...activations.map((activation, digit) => field(activation, digit)));
    const layer = await weighted(weights, 'down1');
    this.#host.compute({
      inputs: { x: { data: middle(this.#digits), shape: [1, 1, 12, 12] }, ...layer },
      gpu: ({ x, w, bias }) => {
        const { output, indices } = maxPool2d(conv2d(x, w, { bias, ...RELU }), { ...WINDOW, returnIndices: true });
        return convTranspose2d(maxUnpool2d(output, indices, WINDOW), w, SAME);
      },
      cpu: ({ x, w, bias }) => {
        const { output, indices } = reference.maxPool2d(reference.conv2d(x, w, { bias, ...RELU }), { ...WINDOW, returnIndices: true });
        return reference.convTranspose2d(reference.maxUnpool2d(output, indices, WINDOW), w, SAME);
      },
      show: () => {},
    });
    this.#host.say(`Strongest activations of feature ${feature + 1}: ${activations.map(({ value }, digit) => `${digit}: ${short(value)}`).join(', ')}.`);
  }

  code(): string {
    return `import { conv2d, convTranspose2d, createContext, maxPool2d, maxUnpool2d } from 'webgpu-upsample'
import { loadSafetensors } from 'webgpu-upsample/io'
import { mul, relu } from 'webgpu-upsample/nn'

const ctx = await createContext()
const w = await loadSafetensors(ctx, '${WEIGHTS.pathname.split('/').at(-1)}')
const x = ctx.tensor(new Float32Array(28 * 28).map(Math.random), [1, 1, 28, 28]) // yours
const half = (x, name) => maxPool2d(conv2d(x, w[name + '.weight'], { bias: w[name + '.bias'], padding: 1, activation: 'relu' }),
  { kernelSize: 2, returnIndices: true })
const back = (x, indices, name) => convTranspose2d(relu(maxUnpool2d(x, indices, { kernelSize: 2 })), w[name + '.weight'], { padding: 1 })

const pool1 = half(x, 'down1'), pool2 = half(pool1.output, 'down2')
const features = await pool2.output.data() // [1, 16, 7, 7]
const one = features.subarray(${this.#feature.value} * 49, ${this.#feature.value + 1} * 49) // feature ${this.#feature.value + 1}
const at = ${this.#feature.value} * 49 + one.indexOf(Math.max(...one))
const alone = mul(pool2.output, ctx.tensor(features.map((_, i) => Number(i === at)), [1, 16, 7, 7]))
const pixels = back(back(alone, pool2.indices, 'down2'), pool1.indices, 'down1')
console.log(await pixels.data())`;
  }
}
