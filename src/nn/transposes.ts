import type { Transpose } from '../autograd/graph.ts';
import { dropout, dropoutBackward } from '../ops/pointwise/dropout.ts';
import * as resample from '../ops/resample/index.ts';
import * as sample from '../ops/sample/index.ts';
import * as shuffle from '../ops/shuffle/index.ts';
import { down, swap, up } from './linear.ts';
import { arrangements } from './transposes_arrange.ts';
import { convolutions } from './transposes_conv.ts';
import { losses } from './transposes_loss.ts';
import { products } from './transposes_matmul.ts';
import { norms } from './transposes_norm.ts';
import { pointwise } from './transposes_pointwise.ts';
import { pools } from './transposes_pool.ts';
import { reductions } from './transposes_reduce.ts';

/** How gradients go back through each operation, by its name. A transpose calls operations, so that gradients have gradients. */
export const transposes: Readonly<Record<string, Transpose>> = {
  ...arrangements,
  ...convolutions,
  ...losses,
  ...norms,
  ...pointwise,
  ...pools,
  ...products,
  ...reductions,
  dropout: swap(dropoutBackward),
  dropoutBackward: swap(dropout),
  interpolate: down(resample.interpolateBackward),
  interpolateBackward: up(resample.interpolate),
  resize: down(resample.resizeBackward),
  resizeBackward: up(resample.resize, 'extrapolationValue'),
  nearest2d: down(resample.nearest2dBackward),
  nearest2dBackward: up(resample.nearest2d),
  bilinear2d: down(resample.bilinear2dBackward),
  bilinear2dBackward: up(resample.bilinear2d),
  bicubic2d: down(resample.bicubic2dBackward),
  bicubic2dBackward: up(resample.bicubic2d),
  bedOfNails1d: down(resample.bedOfNails1dBackward),
  bedOfNails2d: down(resample.bedOfNails2dBackward),
  bedOfNails3d: down(resample.bedOfNails3dBackward),
  bedOfNails1dBackward: up(resample.bedOfNails1d),
  bedOfNails2dBackward: up(resample.bedOfNails2d),
  bedOfNails3dBackward: up(resample.bedOfNails3d),
  zeroInsert1d: down(resample.zeroInsert1dBackward),
  zeroInsert2d: down(resample.zeroInsert2dBackward),
  zeroInsert3d: down(resample.zeroInsert3dBackward),
  zeroInsert1dBackward: up(resample.zeroInsert1d),
  zeroInsert2dBackward: up(resample.zeroInsert2d),
  zeroInsert3dBackward: up(resample.zeroInsert3d),
  gridSample: ({ args: [x, grid, options], dy, wants }) => {
    const gradients = [wants(x) && 'dx', wants(grid) && 'dgrid'].filter((g) => g) as sample.SampleGradient[];
    const { dx, dgrid } = sample.gridSampleBackward(dy, x, grid, { ...options, gradients });
    return [
      [x, dx],
      [grid, dgrid],
    ];
  },
  pixelShuffle: swap(shuffle.pixelShuffleBackward),
  pixelShuffleBackward: swap(shuffle.pixelShuffle),
  pixelUnshuffle: swap(shuffle.pixelUnshuffleBackward),
  pixelUnshuffleBackward: swap(shuffle.pixelUnshuffle),
};

/** Operations without a gradient, and why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  convertIndices: 'whole numbers',
  gridSampleBackward: 'as in PyTorch, there is no second gradient of a sampling',
};
