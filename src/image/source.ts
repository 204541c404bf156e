import { refuse, show, UpsampleError } from '../check.ts';
import type { Context } from '../context.ts';

/** What `fromImage` reads. */
export type ImageSource = ImageBitmap | ImageData | HTMLCanvasElement | OffscreenCanvas | HTMLImageElement | HTMLVideoElement | VideoFrame;

/** What precedes "Width" and "Height" in each kind, by the name that its class has in every window and worker, and why it may be empty. */
const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  ImageBitmap: ['', 'closed'],
  ImageData: ['', 'empty'],
  HTMLCanvasElement: ['', 'empty'],
  OffscreenCanvas: ['', 'empty'],
  HTMLImageElement: ['natural', 'not loaded: await decode()'],
  HTMLVideoElement: ['video', 'not loaded: await "loadeddata"'],
  VideoFrame: ['display', 'closed'],
};

/** Width and height of a source that can be read now. */
export function checkSource(op: string, source: unknown): [width: number, height: number] {
  const kind = Object.prototype.toString.call(source).slice(8, -1);
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!known) refuse(op, `source is ${show(source)}`, `expected one of ${Object.keys(KINDS).join(', ')}`);
  const [prefix, empty] = known;
  const [width, height] = ['Width', 'Height'].map((name) => (source as Record<string, number>)[prefix ? prefix + name : name.toLowerCase()]) as [
    number,
    number,
  ];
  if (!width || !height || (source as HTMLVideoElement).readyState < 2) refuse(op, `source is ${kind} of ${width}x${height}`, `it is ${empty}`);
  return [width, height];
}

/** Refuses pictures that no texture of the device, or tensors that no binding of it, can hold. */
export function checkLimits(op: string, ctx: Context, width: number, height: number, bytes: number): void {
  const { device, adapter } = ctx; // as a pattern the declarations would name what they leave out
  const refuseAbove = (what: string, need: number, most: number) => {
    if (need > most) throw new UpsampleError('limit-exceeded', op, `the picture is ${width}x${height} and needs ${what} of ${need}; the device allows ${most}`);
  };
  refuseAbove('a texture side', Math.max(width, height), device.limits.maxTextureDimension2D);
  refuseAbove('a binding', bytes, adapter.limits.binding);
}
