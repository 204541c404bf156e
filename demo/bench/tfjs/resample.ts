import type * as tfjs from '@tensorflow/tfjs-core';
import type { ResampleCase } from '../cases/resample.ts';
import type { TfjsRecipe } from './index.ts';

/** A case as tfjs runs it, or why it cannot. */
export const resample: TfjsRecipe<ResampleCase> = (one, tf, given) => {
  const { mode, rule, antialias, backward } = one;
  if (mode === 'bicubic') return 'no bicubic';
  if (mode === 'nails') return 'no bed of nails';
  if (mode === 'trilinear') return 'images only';
  if (antialias) return 'no antialias';
  const flat = mode === 'linear';
  const output = flat ? [...one.output.slice(0, 2), 1, one.output[2]!] : one.output; // one axis as an image of one row
  const x = (flat ? tf.expandDims(given['x']!, 1) : given['x']) as tfjs.Tensor4D;
  const alignCorners = rule === 'align_corners';
  const halfPixelCenters = rule === 'half_pixel';
  if (backward) {
    const [n, c, h, w] = output as [number, number, number, number];
    const images = tf.zeros([n, h, w, c]); // only its shape is read
    const kernel = mode === 'nearest' ? 'ResizeNearestNeighborGrad' : 'ResizeBilinearGrad';
    return () => tf.engine().runKernel(kernel, { images, dy: x }, { alignCorners, halfPixelCenters }) as tfjs.Tensor;
  }
  const size = output.slice(2) as [number, number];
  const { image } = tf;
  if (mode === 'nearest') return () => image.resizeNearestNeighbor(x, size, alignCorners, halfPixelCenters);
  return () => image.resizeBilinear(x, size, alignCorners, halfPixelCenters);
};
