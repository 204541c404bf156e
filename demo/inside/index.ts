import { type Context, UpsampleError } from '../../src/index.ts';
import { openGpu, whyNoGpu } from '../gpu.ts';
import { button, choice } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { Lesson } from '../kit/lesson.ts';
import { numbers, remembered, whole, word, yes } from '../kit/state.ts';
import { Turns } from '../kit/turns.ts';
import { effect } from '../signal.ts';
import { DcganView } from './dcgan.ts';
import { DeconvnetView, FEATURES } from './deconvnet.ts';
import { FcnView } from './fcn.ts';
import markup from './inside.html?raw';
import { UnetView } from './unet.ts';
import type { Host, View } from './view.ts';

const NETWORKS = { dcgan: 'DCGAN', fcn: 'FCN', unet: 'U-Net', deconvnet: 'Deconvnet' } as const;
type Name = keyof typeof NETWORKS;

/** Milliseconds between two drawings of a network that learns. */
const REDRAW = 300;

/** Four networks, and what each of their stages computes. */
export class InsidePanel extends Lesson {
  readonly markup = markup;
  readonly #state = remembered(this, {
    net: word('dcgan', Object.keys(NETWORKS) as Name[]),
    skips: word('2', ['0', '1', '2']),
    cut: yes(false),
    scene: whole(4, 1, 999),
    feature: whole(3, 0, FEATURES - 1),
    z: numbers([0.3, -1.2, 0.8, 0.1, 1.5, -0.4, 0.9, -0.7, 0.2, 1.1, -1.6, 0.5, -0.3, 0.6, -0.9, 1.3], 16),
  });
  readonly #turns = new Turns(this, { round: () => this.#round(), rest: () => this.#update(), fail: (error) => this.#fail(error) });
  #ctx: Context | undefined;
  #due = false;
  #drawnAt = 0;

  start(): void {
    const { net, skips, cut, scene, feature, z } = this.#state;
    const host: Host = {
      compute: (call) => {
        if (!this.#due) this.compute(call); // else it was read for values that have changed since
      },
      say: (text) => {
        const line = this.find('.inside-says');
        if (line.textContent !== text) line.textContent = text;
      },
    };
    const views: Record<Name, View> = {
      dcgan: new DcganView(host, z),
      fcn: new FcnView(
        host,
        skips,
        scene,
        this.#buttons(() => (views.fcn as FcnView).reset()),
      ),
      unet: new UnetView(
        host,
        cut,
        scene,
        this.#buttons(() => (views.unet as UnetView).reset()),
      ),
      deconvnet: new DeconvnetView(host, feature),
    };
    this.#view = () => views[net.value];
    for (const view of Object.values(views)) {
      view.controls.classList.add('inside-controls');
      this.find('.inside-view').append(view.element);
    }
    this.find('.controls').append(choice({ label: 'Network', value: net, options: NETWORKS }), ...Object.values(views).map((view) => view.controls));
    effect(() => {
      const shown = views[net.value];
      this.#turns.running.value = false;
      for (const view of Object.values(views)) view.element.hidden = view.controls.hidden = view !== shown;
      this.find('.inside-about').textContent = shown.about;
    });
    effect(() => this.code.show(views[net.value].code()));
    effect(() => {
      for (const { value } of [net, skips, cut, scene, feature, z]) void value;
      this.#refresh();
    });
    void this.#open();
  }

  #view: () => View = () => {
    throw new Error('not started');
  };

  /** What goes with networks that learn. */
  #buttons(reset: () => void): HTMLElement {
    const { running } = this.#turns;
    const go = button('', () => {
      running.value = !running.value;
    });
    effect(() => {
      go.textContent = running.value ? 'Pause' : 'Train';
    });
    const one = button('One step', () => {
      running.value = false;
      void this.#turns.queue(() => this.#learn());
      this.#refresh();
    });
    const again = button('Reset', () => {
      running.value = false;
      void this.#turns.queue(async () => reset());
      this.#refresh();
    });
    const other = button('Other scene', () => {
      this.#state.scene.value = (this.#state.scene.value % 999) + 1;
    });
    return element('div', { class: 'inside-buttons' }, go, one, again, other);
  }

  async #open(): Promise<void> {
    const { ctx, error } = await openGpu();
    if (!ctx) {
      for (const made of this.querySelectorAll<HTMLButtonElement>('.inside-buttons button')) made.disabled = true;
      this.explain(`These networks run on WebGPU alone. ${whyNoGpu(error.reason ?? error.code)}`);
      return;
    }
    this.#ctx = ctx;
    this.#refresh();
  }

  /** Shows what belongs to the present values, soon. */
  #refresh(): void {
    this.outdate();
    if (this.#due || !this.#ctx) return;
    this.#due = true;
    void this.#turns.queue(async () => {
      this.#due = false;
      await this.#update();
    });
  }

  async #update(): Promise<void> {
    if (this.#ctx) await this.#view().update(this.#ctx);
    this.#drawnAt = performance.now();
  }

  async #learn(): Promise<void> {
    await this.#view().learn?.(this.#ctx!);
  }

  async #round(): Promise<void> {
    const view = this.#view();
    if (!view.learn || !this.#ctx) {
      this.#turns.running.value = false;
      return;
    }
    await view.learn(this.#ctx);
    const begin = performance.now();
    if (begin - this.#drawnAt < REDRAW) return;
    await this.#update();
    this.#drawnAt += 3 * (performance.now() - begin); // a quarter of the time at most
  }

  #fail(error: unknown): void {
    if (!(error instanceof UpsampleError)) throw error;
    this.explain(error.code === 'device-lost' ? whyNoGpu('device-lost') : error.message);
  }
}
