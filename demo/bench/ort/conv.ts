import type { ConvCase } from '../cases/conv.ts';
import type { OrtRecipe } from './graph.ts';

export const conv: OrtRecipe<ConvCase> = ({ op, of, w, stride, padding, outputPadding, dilation, groups, x }) => {
  if (of === 'dw') return 'no gradients';
  const weights = ['w'];
  const kernel = { kernel_shape: w.slice(2), pads: [...padding, ...padding], group: groups };
  if (op === 'resizeConv') {
    const resize = {
      op: 'Resize',
      inputs: ['x', '', '', 'sizes'],
      output: 'enlarged',
      attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    };
    const sizes = [x[0]!, x[1]!, ...stride.map((s, i) => s * x[i + 2]!)];
    return { opset: 19, nodes: [resize, { op: 'Conv', inputs: ['enlarged', 'w'], attributes: kernel }], constants: { sizes }, weights };
  }
  // The gradient of an input is the transposed map with the same filter; sizes that the other map would round away are output padding.
  const attributes = { ...kernel, strides: stride, dilations: dilation };
  const input = of === 'y' ? 'x' : 'dy';
  if ((op === 'conv') === (of === 'y')) return { opset: 19, nodes: [{ op: 'Conv', inputs: [input, 'w'], attributes }], constants: {}, weights };
  const lost = op === 'convTranspose' ? outputPadding : stride.map((s, i) => (x[i + 2]! + 2 * padding[i]! - dilation[i]! * (w[i + 2]! - 1) - 1) % s);
  const node = { op: 'ConvTranspose', inputs: [input, 'w'], attributes: { ...attributes, output_padding: lost } };
  return { opset: 19, nodes: [node], constants: {}, weights };
};
