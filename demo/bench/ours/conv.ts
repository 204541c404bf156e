import {
  type Context,
  conv1d,
  conv1dBackward,
  conv2d,
  conv2dBackward,
  conv3d,
  conv3dBackward,
  convTranspose1d,
  convTranspose1dBackward,
  convTranspose2d,
  convTranspose2dBackward,
  convTranspose3d,
  convTranspose3dBackward,
  type Explanation,
  interpolate,
  type Layout,
  type Prepared,
  resizeConv2d,
  type Tensor,
} from '../../../src/index.ts';
import { count } from '../cases/case.ts';
import type { ConvCase } from '../cases/conv.ts';
import type { OurRecipe } from './index.ts';

const operations = {
  conv: { y: [conv1d, conv2d, conv3d], d: [conv1dBackward, conv2dBackward, conv3dBackward] },
  convTranspose: { y: [convTranspose1d, convTranspose2d, convTranspose3d], d: [convTranspose1dBackward, convTranspose2dBackward, convTranspose3dBackward] },
  resizeConv: { y: [undefined, resizeConv2d, undefined], d: [] },
};

/** A case's options in the library's words; the reference has the same. */
export function optionsOf({ op, stride, padding, outputPadding, dilation, groups }: ConvCase) {
  if (op === 'resizeConv') return { padding, groups, scaleFactor: stride };
  return { padding, groups, stride, dilation, ...(op === 'convTranspose' && { outputPadding }) };
}

/** The filter's axes as they lie: the library's default, or, with channels last, as tfjs has them. */
const filterLayoutOf = ({ op }: ConvCase, layout: Layout) => {
  if (op === 'convTranspose') return layout === 'nchw' ? 'iohw' : 'hwoi';
  return layout === 'nchw' ? 'oihw' : 'hwio';
};

interface Operation {
  (...tensors: readonly unknown[]): unknown;
  prepare(ctx: Context, spec: object): Promise<Prepared>;
  explain(ctx: Context, spec: object): Explanation;
}

export const conv: OurRecipe<ConvCase> = (one, ctx, layout, given) => {
  const { of, x: shape, w } = one;
  const operation = operations[one.op][of === 'y' ? 'y' : 'd'][shape.length - 3] as unknown as Operation;
  const words = { ...optionsOf(one), filterLayout: filterLayoutOf(one, layout) };
  // A gradient is asked for with both tensors of the forward call, of which it reads one.
  const unread: Tensor[] = [];
  const { dtype } = Object.values(given)[0]!;
  const stand = (input: string, size: readonly number[], options: object) => {
    if (given[input]) return given[input];
    const tensor = ctx.tensor(new Float32Array(count(size)), size, { ...options, dtype });
    unread.push(tensor);
    return tensor;
  };
  const x = stand('x', shape, { layout });
  const weight = stand('w', layout === 'nchw' ? w : [...w.slice(2), w[1]!, w[0]!], {});
  const spec = { shape, layout, dtype, weight, ...words };
  const close = () => {
    for (const tensor of unread) tensor.dispose();
  };
  if (of !== 'y') {
    const chosen = { ...words, gradients: [of] };
    return {
      eager: () => (operation(given['dy'], x, weight, chosen) as Record<string, Tensor>)[of]!,
      prepare: () => operation.prepare(ctx, { ...spec, gradients: [of] }),
      io: { dy: given['dy']!, x },
      output: of,
      explanation: operation.explain(ctx, { ...spec, gradients: [of] }),
      close,
    };
  }
  const apart = () => {
    const enlarged = interpolate(x, { mode: 'nearest', scaleFactor: [...one.stride] });
    const y = conv2d(enlarged, weight, { padding: one.padding, groups: one.groups, filterLayout: layout === 'nchw' ? 'oihw' : 'hwio' });
    enlarged.dispose();
    return y;
  };
  return {
    eager: () => operation(x, weight, words) as Tensor,
    ...(one.op === 'resizeConv' && { apart }),
    prepare: () => operation.prepare(ctx, spec),
    io: { input: x },
    output: 'output',
    explanation: operation.explain(ctx, spec),
    close,
  };
};
