// A worker for what would keep the page waiting: decoding and reducing a large picture, and drawing until the browser says that it has drawn.
import type { Engine } from './engine.ts';
import { nameOf, place, reducedFor } from './sources.ts';
import { type Timing, wallTime } from './time.ts';

/** A visitor's picture, to be no larger than an engine takes it. */
export interface Reading {
  readonly file: File;
  readonly most: Engine['most'];
}
/** With a sentence about it; undefined if it is no picture. */
export type Read = { readonly image: ImageBitmap; readonly note: string } | undefined;

/** A picture that the browser is to enlarge, and the result's size. */
export interface Enlarging {
  readonly picture: ImageBitmap;
  readonly width: number;
  readonly height: number;
}

async function read({ file, most }: Reading): Promise<Read> {
  const image = await createImageBitmap(file).catch(() => undefined);
  if (!image) return undefined;
  const { width, height, note } = reducedFor(nameOf(file), image.width, image.height, most);
  if (width === image.width && height === image.height) return { image, note };
  const canvas = new OffscreenCanvas(width, height);
  place(canvas, image, width, height);
  return { image: canvas.transferToImageBitmap(), note };
}

const enlarge = ({ picture, width, height }: Enlarging): Promise<Timing> =>
  wallTime(async (times) => {
    const pen = new OffscreenCanvas(width, height).getContext('2d')!;
    pen.globalAlpha = 0.999; // a drawing that is wholly covered by the next might be left out
    for (let i = 0; i < times; i++) pen.drawImage(picture, 0, 0, width, height);
    pen.getImageData(0, 0, 1, 1); // what waits for the drawing; once a canvas, which then stays where it is
  });

addEventListener('message', async ({ data }: MessageEvent<Reading | Enlarging>) => {
  if ('picture' in data) postMessage(await enlarge(data));
  else {
    const answer = await read(data);
    postMessage(answer, { transfer: answer ? [answer.image] : [] });
  }
});
