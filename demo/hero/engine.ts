import { fromImage, toCanvas } from '../../src/image/index.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { nextTask } from '../task.ts';
import { type Mode, SCALE } from './modes.ts';
import { aside } from './sources.ts';
import { gpuTime, type Timing, wallTime } from './time.ts';

/** Half of the stage. A canvas keeps its kind of context for life, so each side has one of either kind. */
export interface Side {
  readonly gpu: HTMLCanvasElement;
  readonly flat: HTMLCanvasElement;
}

/** How far result and reference lie apart, and how many bytes were read back to find out. */
export interface Check {
  readonly difference: number;
  readonly bytes: number;
  /** Size of the piece that was compared, when the picture is large. */
  readonly piece: readonly [width: number, height: number] | undefined;
}

/** Who computes. */
export interface Engine {
  readonly name: 'GPU' | 'CPU';
  /** Most source pixels and longest side, and the sentence that says why. */
  readonly most: { readonly pixels: number; readonly side: number; readonly why: string };
  load(picture: HTMLCanvasElement): void;
  draw(mode: Mode, side: Side): void;
  /** Resolves when what was drawn in this task is done. */
  drawn(): Promise<void>;
  time(mode: Mode): Promise<Timing>;
  check(mode: Mode): Promise<Check | undefined>;
}

/** Pixels whose reference is computed while the page stays quick. */
const QUICK = 160 * 120;

function show(side: Side, canvas: HTMLCanvasElement, picture: HTMLCanvasElement): void {
  const [width, height] = [picture.width * SCALE, picture.height * SCALE];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  side.gpu.hidden = canvas !== side.gpu;
  side.flat.hidden = canvas !== side.flat;
}

function drawByBrowser(side: Side, picture: HTMLCanvasElement): void {
  show(side, side.flat, picture);
  side.flat.getContext('2d')!.drawImage(picture, 0, 0, side.flat.width, side.flat.height);
}

async function timeBrowser(canvas: HTMLCanvasElement): Promise<Timing> {
  const picture = await createImageBitmap(canvas);
  return aside({ picture, width: canvas.width * SCALE, height: canvas.height * SCALE });
}

/** The middle of a large picture. */
function middle(picture: HTMLCanvasElement): OffscreenCanvas {
  const [width, height] = [Math.min(picture.width, 160), Math.min(picture.height, 120)];
  const piece = new OffscreenCanvas(width, height);
  piece.getContext('2d', { willReadFrequently: true })!.drawImage(picture, Math.floor((width - picture.width) / 2), Math.floor((height - picture.height) / 2));
  return piece;
}

/** The library on a device: nothing comes back but what `check` asks for. */
export class GpuEngine implements Engine {
  readonly name = 'GPU';
  readonly most: Engine['most'];
  readonly #ctx: Context;
  #picture!: HTMLCanvasElement;
  #x: Tensor | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    const { maxTextureDimension2D, maxStorageBufferBindingSize } = ctx.device.limits;
    const bound = Math.floor(maxStorageBufferBindingSize / (3 * 4 * SCALE ** 2));
    const mib = Math.floor(maxStorageBufferBindingSize / 2 ** 20);
    const limits = [
      { pixels: bound, why: `one tensor may have ${mib} MiB on this device` },
      { pixels: 2 ** 20, why: 'this page shows results of up to 16 megapixels' },
      { pixels: ctx.isSoftware ? 320 * 240 : Number.POSITIVE_INFINITY, why: 'a software adapter is slow' },
    ];
    this.most = { ...limits.reduce((a, b) => (b.pixels < a.pixels ? b : a)), side: Math.floor(maxTextureDimension2D / SCALE) };
  }

  load(picture: HTMLCanvasElement): void {
    this.#picture = picture;
    this.#x?.dispose();
    this.#x = fromImage(this.#ctx, picture, { channels: 3 });
  }

  draw({ computed }: Mode, side: Side): void {
    if (!computed) {
      drawByBrowser(side, this.#picture);
      return;
    }
    show(side, side.gpu, this.#picture);
    const y = computed.run(this.#x!);
    toCanvas(y, side.gpu);
    y.dispose();
  }

  async drawn(): Promise<void> {
    await nextTask();
    await this.#ctx.device.queue.onSubmittedWorkDone();
  }

  async time({ computed }: Mode): Promise<Timing> {
    if (!computed) return timeBrowser(this.#picture);
    const input = fromImage(this.#ctx, this.#picture, { channels: 3 });
    const output = computed.run(input);
    const prepared = await computed.prepare(this.#ctx, input.shape);
    try {
      return await gpuTime(this.#ctx, (encoder) => prepared.encode(encoder, { input, output }));
    } finally {
      for (const used of [prepared, input, output]) used.dispose();
    }
  }

  async check({ computed }: Mode): Promise<Check | undefined> {
    if (!computed) return undefined;
    const { width, height } = this.#picture;
    const large = width * height > QUICK;
    const part = large ? middle(this.#picture) : this.#picture;
    const x = fromImage(this.#ctx, part, { channels: 3 });
    const y = computed.run(x);
    const { shape } = x;
    const bytes = x.byteLength + y.byteLength;
    try {
      const [given, got] = await Promise.all([x.data(), y.data()]);
      const want = computed.reference({ data: given, shape }).data;
      let difference = 0;
      for (let i = 0; i < got.length; i++) {
        const apart = Math.abs(got[i]! - want[i]!);
        difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(difference, apart);
      }
      return { difference, bytes, piece: large ? [part.width, part.height] : undefined };
    } finally {
      x.dispose();
      y.dispose();
    }
  }
}

/** The reference, where there is no GPU: exact, slow, and therefore on small pictures. */
export class CpuEngine implements Engine {
  readonly name = 'CPU';
  readonly most = { pixels: QUICK, side: 4096, why: 'without a GPU the exact reference computes, and it is slow' };
  #picture!: HTMLCanvasElement;
  #x!: { data: Float64Array; shape: number[] };

  load(picture: HTMLCanvasElement): void {
    const { width, height } = picture;
    const { data } = picture.getContext('2d')!.getImageData(0, 0, width, height);
    const plane = width * height;
    this.#picture = picture;
    this.#x = { data: Float64Array.from({ length: 3 * plane }, (_, i) => data[(i % plane) * 4 + Math.floor(i / plane)]! / 255), shape: [1, 3, height, width] };
  }

  draw({ computed }: Mode, side: Side): void {
    if (!computed) {
      drawByBrowser(side, this.#picture);
      return;
    }
    show(side, side.flat, this.#picture);
    const { data, shape } = computed.reference(this.#x);
    const [height, width] = shape.slice(2) as [number, number];
    const plane = width * height;
    const pixels = new ImageData(width, height);
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) pixels.data[i * 4 + c] = 255 * data[c * plane + i]!; // clamps and rounds
      pixels.data[i * 4 + 3] = 255;
    }
    side.flat.getContext('2d')!.putImageData(pixels, 0, 0);
  }

  drawn = nextTask;

  time({ computed }: Mode): Promise<Timing> {
    if (!computed) return timeBrowser(this.#picture);
    return wallTime(async (times) => {
      for (let i = 0; i < times; i++) computed.reference(this.#x);
    });
  }

  async check(): Promise<undefined> {}
}
