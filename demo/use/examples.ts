import { testPicture } from '../hero/picture.ts';
import { element } from '../kit/dom.ts';
import layer from './examples/layer.js?raw';
import shared from './examples/shared.js?raw';
import train from './examples/train.js?raw';
import upscale from './examples/upscale.js?raw';
import type { Example } from './standalone.ts';

const CODE = { upscale, layer, train, shared } as const;
export type Name = keyof typeof CODE;
export const NAMES = Object.keys(CODE) as Name[];

/** What the tabs say. */
export const TABS: Readonly<Record<Name, string>> = { upscale: 'Upscale', layer: 'A layer', train: 'Train', shared: 'Your device' };

/** The test picture as part of a page. */
function pictured(): string {
  const canvas = element('canvas');
  testPicture(canvas);
  const { width, height } = canvas;
  return `<img src="${canvas.toDataURL()}" width="${width}" height="${height}" alt="The test picture, small">
<canvas width="${width}" height="${height}" role="img" aria-label="The same picture, enlarged"></canvas>`;
}

/** The first line of an example is its title. */
export function exampleOf(name: Name): Example {
  const code = CODE[name];
  return { title: /^\/\/ (.*)/.exec(code)![1]!, code, body: name === 'upscale' ? pictured() : '' };
}
