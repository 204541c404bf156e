// Pictures from the visitor: a file, the clipboard, a camera. Nothing leaves the page.
import type { Enlarging, Read, Reading } from './aside.ts';
import type { Engine } from './engine.ts';
import type { Timing } from './time.ts';

/** Has a worker of its own do it. */
export function aside(work: Reading): Promise<Read>;
export function aside(work: Enlarging): Promise<Timing>;
export async function aside(work: Reading | Enlarging): Promise<unknown> {
  const worker = new Worker(new URL('./aside.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', reject);
      worker.postMessage(work, 'picture' in work ? [work.picture] : []);
    });
  } finally {
    worker.terminate();
  }
}

/** What a picture without a name is called. */
export const nameOf = (file: File): string => file.name || 'The pasted picture';

/** Reads a picture, no larger than an engine takes it, or says in a sentence why not. */
export async function readFile(file: File, { most }: Engine): Promise<NonNullable<Read>> {
  const read = await aside({ file, most });
  if (!read) throw new Error(`${nameOf(file)} is not a picture that this browser can read. PNG, JPEG, WebP, GIF and AVIF work.`);
  return read;
}

/** The size at which an engine takes a picture, and a sentence if that is not its own. */
export function reducedFor(name: string, width: number, height: number, most: Engine['most']): { width: number; height: number; note: string } {
  const factor = Math.min(1, most.side / Math.max(width, height), Math.sqrt(most.pixels / (width * height)));
  if (factor === 1) return { width, height, note: `${name}, ${width} × ${height} pixels.` };
  const side = most.side < Math.max(width, height) && factor === most.side / Math.max(width, height);
  const small = [width, height].map((n) => Math.max(1, Math.floor(n * factor))) as [number, number];
  const why = side ? `results may have ${most.side * 4} pixels a side on this device` : most.why;
  return { width: small[0], height: small[1], note: `${name} has ${width} × ${height} pixels and was first reduced to ${small.join(' × ')}: ${why}.` };
}

/** Puts a picture on a canvas, on white where it is transparent. */
export function place(canvas: HTMLCanvasElement | OffscreenCanvas, image: CanvasImageSource, width: number, height: number): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(image, 0, 0, width, height);
}

const REFUSED: Readonly<Record<string, string>> = {
  NotAllowedError: 'The camera was not allowed.',
  NotFoundError: 'No camera was found.',
  NotReadableError: 'The camera is in use elsewhere.',
};

/** A camera that calls back with a frame, and with the next when that one is done, until it is stopped. */
export class Camera {
  readonly #video = document.createElement('video');
  #stream: MediaStream | undefined;
  /** The visitor's last wish: a camera that is granted too late is let go. */
  #wish: object | undefined;

  /** From the visitor's click on. */
  get running(): boolean {
    return !!this.#wish;
  }

  /** Asks the visitor, and begins. */
  async start(frame: (video: HTMLVideoElement) => Promise<void>): Promise<void> {
    const wish = {};
    this.#wish = wish;
    if (!navigator.mediaDevices) throw new Error('This page may not use a camera: that needs https, or localhost.');
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } }).catch((error: DOMException) => {
      throw new Error(REFUSED[error.name] ?? `The camera did not start: ${error.message}`);
    });
    if (this.#wish !== wish) {
      end(stream);
      return;
    }
    this.#stream = stream;
    const video = this.#video;
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    const next = async () => {
      if (this.#wish !== wish) return;
      await frame(video);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    await video.play().catch(() => {}); // stopped before it began
  }

  stop(): void {
    this.#wish = undefined;
    if (this.#stream) end(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
  }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
