// Upscale an image on a canvas
import { bicubic2d, createContext } from 'webgpu-upsample';
import { fromImage, toCanvas } from 'webgpu-upsample/image';

const ctx = await createContext();
const picture = await createImageBitmap(document.querySelector('img'));
const x = fromImage(ctx, picture); // [1, 4, h, w], 0..1, stays on the GPU
const y = bicubic2d(x, { scaleFactor: 4 });

const canvas = document.querySelector('canvas');
canvas.width = y.shape[3];
canvas.height = y.shape[2];
toCanvas(y, canvas); // no read-back
console.log('from', x.shape, 'to', y.shape);
x.dispose();
y.dispose();
