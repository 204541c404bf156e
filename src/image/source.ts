import { refuse, show, UpsampleError } from '../check.ts';

/** What `fromImage` reads. */
export type ImageSource = ImageBitmap | ImageData | HTMLCanvasElement | OffscreenCanvas | HTMLImageElement | HTMLVideoElement | VideoFrame;

/** Where each kind keeps its size, by the name that its class has in every window and worker. */
const SIZES: Readonly<Record<string, readonly [string, string, string]>> = {
  ImageBitmap: ['width', 'height', 'closed'],
  ImageData: ['width', 'height', 'detached'],
  HTMLCanvasElement: ['width', 'height', 'empty'],
  OffscreenCanvas: ['width', 'height', 'empty or detached'],
  HTMLImageElement: ['naturalWidth', 'naturalHeight', 'not loaded: await source.decode() first'],
  HTMLVideoElement: ['videoWidth', 'videoHeight', 'not loaded: await its "loadeddata" event first'],
  VideoFrame: ['displayWidth', 'displayHeight', 'closed'],
};

/** Width and height of a source that can be read now. */
export function checkSource(op: string, source: unknown): [width: number, height: number] {
  const kind = Object.prototype.toString.call(source).slice(8, -1);
  const known = Object.hasOwn(SIZES, kind) ? SIZES[kind] : undefined;
  if (!known) refuse(op, `source is ${show(source)}`, `expected one of ${Object.keys(SIZES).join(', ')}`);
  const [width, height] = [known[0], known[1]].map((name) => Number((source as Record<string, unknown>)[name])) as [number, number];
  const late = kind === 'HTMLVideoElement' && (source as HTMLVideoElement).readyState < 2;
  if (!width || !height || late) refuse(op, `source is ${kind} of ${width}x${height}`, `it is ${known[2]}`);
  return [width, height];
}

/** Refuses pictures that no texture of the device can hold. */
export function checkExtent(op: string, device: GPUDevice, width: number, height: number): void {
  const most = device.limits.maxTextureDimension2D;
  if (Math.max(width, height) > most)
    throw new UpsampleError('limit-exceeded', op, `the picture is ${width}x${height}; the device allows textures of ${most}x${most}`);
}
