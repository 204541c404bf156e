import { adapterName, openGpu, whyNoGpu } from '../gpu.ts';
import { readHash, writeHash } from '../hash.ts';
import { Panel } from '../panel.ts';
import { effect, signal } from '../signal.ts';
import { nextTask } from '../task.ts';
import { CpuEngine, type Engine, GpuEngine, type Side } from './engine.ts';
import markup from './hero.html?raw';
import { drawLoupe } from './loupe.ts';
import { codeOf, MODES, type Mode, modeOf, SCALE } from './modes.ts';
import { HEIGHT, testPicture, WIDTH } from './picture.ts';
import { Report } from './report.ts';
import { Slider } from './slider.ts';
import { Camera, place, readFile } from './sources.ts';
import { View } from './view.ts';

/** Width of the facts beside the stage, and of the gap between: as in hero.css. */
const BESIDE = 20.5;

/** The first panel: any picture, enlarged in two ways side by side. */
export class HeroPanel extends Panel {
  /** What is enlarged, as the page has it. */
  readonly picture = document.createElement('canvas');

  readonly #left = signal<Mode>(MODES[3]!);
  readonly #right = signal<Mode>(MODES[0]!);
  readonly #split = signal(50);
  /** Counts pictures, and frames of the camera. */
  readonly #frame = signal(0);
  readonly #camera = new Camera();
  /** Counts the visitor's choices of a picture. */
  #turn = 0;
  #engine!: Engine;
  #view!: View;
  #report!: Report;

  start(): void {
    this.innerHTML = markup;
    this.#open();
  }

  async #open(): Promise<void> {
    const { ctx, error } = await openGpu();
    this.#view = new View(this.find('.stage'));
    this.#report = new Report(this);
    if (ctx) {
      this.#engine = new GpuEngine(ctx);
      this.#report.where(adapterName(ctx), ctx.isSoftware);
      ctx.lost.then(() => this.#fallBack());
    } else this.#useCpu(error.reason);
    this.#restore();
    this.#controls();
    this.#pictures();
    this.#showTest();
    await this.#draws();
    this.#greet();
  }

  #useCpu(reason = 'no-adapter'): void {
    this.#engine = new CpuEngine();
    this.#report.where('', false);
    const box = this.find('.hero-reason');
    box.textContent = `${whyNoGpu(reason)} The picture is computed by the library’s CPU reference instead, which is exact and slow. Reason: ${reason}.`;
    box.hidden = false;
  }

  #fallBack(): void {
    this.#useCpu('device-lost');
    this.#showTest();
  }

  /** Takes the state from the address. */
  #restore(): void {
    const given = readHash(this.id);
    this.#left.value = modeOf(given.get('left'), 'bicubic');
    this.#right.value = modeOf(given.get('right'), 'nearest');
    const number = (name: string, fallback: number, low: number, high: number) => {
      const value = Number.parseFloat(given.get(name) ?? '');
      return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;
    };
    this.#split.value = number('split', 50, 0, 100);
    this.#view.zoom.value = number('zoom', 1, 1, 64);
    this.#view.look([number('x', 0.5, 0, 1), number('y', 0.5, 0, 1)]);
    this.#view.cursor.value = [121, 13];
  }

  #controls(): void {
    const slider = new Slider(this.find('.handle'), this.find('.stage'), (percent) => {
      this.#split.value = percent;
    });
    const sides = { left: this.#left, right: this.#right };
    for (const [name, mode] of Object.entries(sides)) {
      const select = this.find<HTMLSelectElement>(`.${name}-mode`);
      for (const { key, name } of MODES) select.add(new Option(name, key));
      select.addEventListener('change', () => {
        mode.value = modeOf(select.value, 'nearest');
      });
      effect(() => {
        select.value = mode.value.key;
      });
    }
    this.#click('.swap', () => {
      [this.#left.value, this.#right.value] = [this.#right.value, this.#left.value];
    });
    const view = this.#view;
    this.#click('.zoom-in', () => view.zoomTo(view.zoom.value * 2));
    this.#click('.zoom-out', () => view.zoomTo(view.zoom.value / 2));
    this.#click('.zoom-whole', () => view.zoomTo(1));
    this.#click('.copy', async () => {
      await navigator.clipboard.writeText(this.find('.code code').textContent ?? '');
      this.find('.copy').textContent = 'Copied';
    });
    effect(() => {
      const [left, right, split] = [this.#left.value, this.#right.value, this.#split.value];
      this.find('.stage').style.setProperty('--split', `${split}%`);
      slider.show(split, `${Math.round(split)} % ${left.name}, ${100 - Math.round(split)} % ${right.name}`);
    });
    effect(() => {
      this.find('.code code').textContent = codeOf(this.#left.value, this.#right.value, ...view.picture.value);
      this.find('.copy').textContent = 'Copy';
    });
    let restored = false;
    effect(() => {
      const [x, y] = view.centre.value.map((v) => v.toFixed(3)) as [string, string];
      const zoom = view.zoom.value;
      const state = { left: this.#left.value.key, right: this.#right.value.key, split: this.#split.value.toFixed(1), zoom: zoom.toFixed(2), x, y };
      if (restored) writeHash(this.id, state); // a visitor who changed nothing keeps a clean address
      restored = true;
    });
  }

  #click(selector: string, act: () => void): void {
    this.find(selector).addEventListener('click', act);
  }

  /** Ways in for pictures. */
  #pictures(): void {
    const input = this.find<HTMLInputElement>('.file');
    this.#click('.open', () => input.click());
    input.addEventListener('change', () => {
      this.#take(input.files?.[0]);
      input.value = ''; // the same file may be chosen again
    });
    this.#click('.test', () => this.#showTest());
    this.#click('.camera', () => (this.#camera.running ? this.#showTest() : this.#film()));
    document.addEventListener('paste', (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (!file) return;
      event.preventDefault();
      this.#take(file);
    });
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.classList.toggle('dropping', !!event.dataTransfer?.types.includes('Files'));
    });
    document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) this.classList.remove('dropping');
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      this.classList.remove('dropping');
      this.#take(event.dataTransfer?.files[0]);
    });
  }

  #showTest(): void {
    this.#turn++;
    this.#stopCamera();
    testPicture(this.picture);
    this.#say(`A test picture of ${WIDTH} × ${HEIGHT} pixels, drawn by this page.`);
    this.#loaded();
  }

  async #take(file: File | undefined): Promise<void> {
    if (!file) return;
    const turn = ++this.#turn;
    try {
      const { image, note } = await readFile(file, this.#engine);
      if (turn !== this.#turn) return; // another picture was quicker
      this.#stopCamera();
      place(this.picture, image, image.width, image.height);
      this.#say(note);
      this.#loaded();
    } catch (error) {
      this.#say((error as Error).message, true);
    }
  }

  async #film(): Promise<void> {
    this.#turn++;
    const button = this.find('.camera');
    button.setAttribute('aria-pressed', 'true');
    try {
      let first = true;
      await this.#camera.start((video) => {
        const height = Math.max(1, Math.round((WIDTH * video.videoHeight) / video.videoWidth));
        place(this.picture, video, WIDTH, height);
        if (first) this.#say(`The camera, reduced to ${WIDTH} × ${height} pixels and enlarged live.`);
        this.#loaded(!first);
        first = false;
        return this.#engine.drawn();
      });
    } catch (error) {
      this.#stopCamera();
      this.#say((error as Error).message, true);
    }
  }

  #stopCamera(): void {
    this.#camera.stop();
    this.find('.camera').setAttribute('aria-pressed', 'false');
  }

  #say(text: string, bad = false): void {
    const note = this.find('.note');
    note.textContent = text;
    note.classList.toggle('bad', bad);
  }

  /** A new picture is on the canvas. */
  #loaded(running = false): void {
    const { width, height } = this.picture;
    const [w, h] = this.#view.picture.value;
    if (w !== width || h !== height) {
      this.#view.picture.value = [width, height];
      const [x, y] = this.#view.cursor.value;
      if (x >= width || y >= height) this.#view.cursor.value = [width >> 1, height >> 1];
    }
    this.#engine.load(this.picture);
    this.#frame.value++;
    if (!running) this.#report.begin(this.#engine, [this.#left.value, this.#right.value]);
  }

  /** Everything that is drawn again when what it shows changes. */
  async #draws(): Promise<void> {
    const view = this.#view;
    const stage = this.find('.stage');
    let first = true;
    effect(() => {
      const modes = [this.#left.value, this.#right.value] as const;
      if (!first) this.#report.check(this.#engine, modes); // the first check goes with the picture
      first = false;
    });
    effect(() => {
      this.#frame.value;
      const [x, y] = view.cursor.value;
      const rgb = drawLoupe(this.find('.glass'), this.picture, x, y);
      const words = { at: `${x}, ${y}`, red: rgb[0], green: rgb[1], blue: rgb[2], hex: `#${rgb.map((v) => v.toString(16).padStart(2, '0')).join('')}` };
      for (const [name, value] of Object.entries(words)) this.find(`.loupe .${name}`).textContent = String(value);
    });
    effect(() => {
      const [, h] = view.size.value;
      const [left, top] = view.offset;
      const [width, height] = view.extent;
      const [pitch, zoom] = [view.pitch, view.zoom.value];
      stage.style.height = `${h}px`;
      stage.classList.toggle('zoomed', zoom > 1);
      const density = (pitch / SCALE) * devicePixelRatio; // screen pixels per pixel of the result
      stage.classList.toggle('crisp', density >= 2 || Number.isInteger(density));
      for (const canvas of stage.querySelectorAll('canvas')) {
        canvas.style.width = `${width}px`;
        canvas.style.height = `${height}px`;
        canvas.style.transform = `translate(${left}px, ${top}px)`;
      }
      const [x, y] = view.cursor.value;
      const cursor = this.find('.cursor');
      cursor.hidden = pitch < 8;
      Object.assign(cursor.style, { width: `${pitch}px`, height: `${pitch}px`, transform: `translate(${left + x * pitch}px, ${top + y * pitch}px)` });
      this.find('output.zoom').textContent = `${pitch < 10 ? pitch.toFixed(1) : Math.round(pitch)} ×`;
      this.find<HTMLButtonElement>('.zoom-out').disabled = this.find<HTMLButtonElement>('.zoom-whole').disabled = zoom <= 1;
      this.find<HTMLButtonElement>('.zoom-in').disabled = zoom >= view.mostZoom;
    });
    this.#resize();
    const resize = () => this.#resize();
    new ResizeObserver(resize).observe(this);
    effect(() => {
      view.picture.value;
      queueMicrotask(resize); // outside: it changes what it reads
    });
    for (const [name, mode] of [['left', this.#left] as const, ['right', this.#right] as const]) {
      const [gpu, flat] = this.querySelectorAll<HTMLCanvasElement>(`.${name}-layer canvas`) as unknown as [HTMLCanvasElement, HTMLCanvasElement];
      const side: Side = { gpu, flat };
      effect(() => {
        this.#frame.value;
        this.#engine.draw(mode.value, side);
        stage.dataset[name] = mode.value.key;
        this.dataset['frames'] = String(this.#frame.value);
      });
      await nextTask(); // without a GPU each takes its time
    }
    this.dataset['ready'] = '';
  }

  /** Makes the stage as large as there is room: in whole screen pixels per pixel of the result, where that wastes little. */
  #resize(): void {
    const [width, height] = this.#view.picture.value.map((n) => n * SCALE) as [number, number];
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = this.clientWidth - (innerWidth >= 60 * 16 ? BESIDE * rem : 0);
    const free = Math.min(room / width, Math.max(240, innerHeight * 0.78) / height);
    const whole = Math.floor(free * devicePixelRatio) / devicePixelRatio;
    const factor = whole > 0.7 * free ? whole : free;
    const least = Math.min(room, 20 * rem); // what slider and controls need, however narrow the picture
    const size = [Math.max(Math.floor(width * factor), least), Math.max(Math.floor(height * factor), 160)] as const;
    const [w, h] = this.#view.size.value;
    this.#view.base.value = factor * SCALE;
    if (size[0] !== w || size[1] !== h) this.#view.size.value = size;
    this.#view.zoomTo(this.#view.zoom.value); // as far as the new limits allow
    this.style.setProperty('--stage-width', `${size[0]}px`);
  }

  /** On arrival the divider glides in from the right, unless the visitor prefers stillness or came with a state. */
  #greet(): void {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || location.hash.includes('?')) return;
    const begin = performance.now();
    let last = (this.#split.value = 88);
    const glide = (now: number) => {
      if (this.#split.value !== last) return; // the visitor has taken the handle
      const t = Math.min(1, Math.max(0, (now - begin) / 1100));
      this.#split.value = last = 88 - 38 * (1 - (1 - t) ** 3);
      if (t < 1) requestAnimationFrame(glide);
    };
    requestAnimationFrame(glide);
  }
}
