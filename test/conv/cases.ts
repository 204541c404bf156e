// The outside cases of convolutions as calls of ours.
import type { Layout } from '../../src/plan.ts';
import { type Case, load, type Rec } from '../fixtures.ts';

export interface Data {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly half: boolean;
}

/** One call with what it must give: forward (`y`), and gradients where `dy` is there. */
export interface ConvCase {
  readonly set: string;
  readonly name: string;
  readonly op: string;
  readonly x: Data;
  readonly w: Data;
  readonly bias: Data | null;
  readonly options: Record<string, unknown>;
  readonly y: Rec | null;
  readonly dy: Data | null;
  readonly grads: { readonly dx?: Rec | null; readonly dw?: Rec | null; readonly db?: Rec | null };
  /** Absolute tolerance of the source, where it says so. */
  readonly tolAbs?: number;
  readonly rule?: string;
}

type Attrs = Record<string, unknown>;
const half = (rec: Rec) => rec.dtype === 'float16';
const data = (rec: Rec | null | undefined, layout: Layout = 'nchw'): Data | null =>
  rec ? { data: rec.data, shape: rec.shape, layout, half: half(rec) } : null;
/** A tensor whose shape is written [N, ...spatial, C]. */
function last(rec: Rec): Data {
  const [n, ...rest] = rec.shape;
  return { data: rec.data, shape: [n!, rest.at(-1)!, ...rest.slice(0, -1)], layout: 'nhwc', half: half(rec) };
}
const zeros = (shape: readonly number[], layout: Layout = 'nchw'): Data => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  shape,
  layout,
  half: false,
});
const defined = (o: Attrs): Attrs => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null));
const camel = (op: string) => op.replace('conv_transpose', 'convTranspose');

function torch(set: string, c: Case): ConvCase {
  const a = c.attrs as Attrs;
  const [x, w, b] = c.inputs;
  const [dx, dw, db] = c.grads;
  const options = defined({ stride: a['stride'], padding: a['padding'], dilation: a['dilation'], groups: a['groups'], outputPadding: a['output_padding'] });
  const bias = data(b);
  const base = { set, name: c.name, op: camel(c.op), x: data(x)!, w: data(w)!, bias, options, y: c.outputs[0] ?? null, dy: data(c.cotangents[0]) };
  return { ...base, grads: { dx: dx ?? null, dw: dw ?? null, db: db ?? null }, ...(c.rule && { rule: c.rule }) };
}

function onnx(set: string, c: Case): ConvCase {
  const a = c.attrs as Record<string, never>;
  const [x, w, b] = c.inputs;
  const spatial = x!.shape.length - 2;
  const pads = a['pads'] as number[] | undefined;
  const sizes = a['output_shape'] as number[] | undefined;
  const options = defined({
    stride: a['strides'],
    dilation: a['dilations'],
    groups: a['group'],
    padding: pads?.slice(0, spatial).map((p, i) => [p, pads[spatial + i]!]),
    autoPad: a['auto_pad'] ?? (sizes ? 'NOTSET' : undefined),
    outputPadding: a['output_padding'],
    outputSize: sizes,
  });
  const op = `${c.op === 'Conv' ? 'conv' : 'convTranspose'}${spatial}d`;
  return { set, name: c.name, op, x: data(x)!, w: data(w)!, bias: data(b), options, y: c.outputs[0]!, dy: null, grads: {} };
}

function webnn(set: string, c: Case): ConvCase {
  const a = c.attrs as Record<string, never>;
  const [x, w, b] = c.inputs;
  const pads = a['padding'] as number[] | undefined;
  const options = defined({
    stride: a['strides'],
    dilation: a['dilations'],
    groups: a['groups'],
    padding: pads && [pads.slice(0, 2), pads.slice(2)],
    filterLayout: a['filterLayout'],
    outputPadding: a['outputPadding'],
    outputSize: a['outputSizes'],
  });
  const input = a['inputLayout'] === 'nhwc' ? last(x!) : data(x)!;
  return { set, name: c.name, op: c.op, x: input, w: data(w)!, bias: data(b), options, y: c.outputs[0]!, dy: null, grads: {} };
}

/** tfjs's pad as ours. */
function tfPad(pad: unknown, first: boolean): Attrs {
  if (pad === 'same') return { autoPad: 'SAME_UPPER' };
  if (pad === 'valid') return { padding: 'valid' };
  if (Array.isArray(pad)) return { padding: first ? pad.slice(2) : pad.slice(1, -1) };
  return { padding: pad };
}

function tfjs(set: string, c: Case): ConvCase[] {
  const a = c.attrs as Attrs;
  const first = a['dataFormat'] === 'NCHW';
  const tensor = (rec: Rec) => (first ? data(rec)! : last(rec));
  const shaped = (shape: number[]) => (first ? zeros(shape) : zeros([shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)], 'nhwc'));
  const depthwise = c.op.startsWith('Depthwise');
  const spatial = c.op.startsWith('Conv3D') ? 3 : 2;
  const y = c.outputs[0]!;
  // A depthwise filter [h, w, C, multiplier] is [h, w, 1, C*multiplier] in groups.
  const filter = (shape: readonly number[]) => (depthwise ? [shape[0]!, shape[1]!, 1, shape[2]! * shape[3]!] : shape);
  const wShape = a['filterShape'] ?? c.inputs[1]!.shape;
  const options = defined({
    stride: a['strides'],
    dilation: a['dilations'] as unknown,
    ...tfPad(a['pad'], first),
    filterLayout: 'hwio',
    groups: depthwise ? (wShape as number[])[2] : undefined,
  });
  const weight = (rec: Rec): Data => ({ ...data(rec)!, shape: filter(rec.shape) });
  const base = { set, name: `${c.name} ${JSON.stringify(c.attrs)}`, op: `conv${spatial}d`, bias: null, options, tolAbs: c.tolAbs ?? 1e-3 };
  const [p, q] = c.inputs as [Rec, Rec];
  if (c.op.includes('BackpropInput')) {
    const dx = { ...base, x: shaped(a['inputShape'] as number[]), w: weight(q), y: null, dy: tensor(p), grads: { dx: y } };
    if (depthwise) return [dx];
    // The same as a transposed convolution.
    const size = (a['inputShape'] as number[]).slice(first ? 2 : 1, first ? undefined : -1);
    const same = a['pad'] === 'same' ? { padding: 'same' } : tfPad(a['pad'], first);
    const turned = { ...defined({ stride: a['strides'], ...same }), filterLayout: 'hwoi', outputSize: size };
    return [dx, { ...base, op: `convTranspose${spatial}d`, options: turned, x: tensor(p), w: weight(q), y, dy: null, grads: {} }];
  }
  if (c.op.includes('BackpropFilter')) {
    const w = zeros(filter(a['filterShape'] as number[]));
    return [{ ...base, x: tensor(p), w, y: null, dy: tensor(q), grads: { dw: { ...y, shape: w.shape } } }];
  }
  return [{ ...base, x: tensor(p), w: weight(q), y, dy: null, grads: {} }];
}

const TORCH = ['conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d'];
const TFJS = ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', 'Conv3D', 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2'];
const DEPTHWISE = ['DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'];

/** All cases of a set. */
export async function convCases(set: string): Promise<ConvCase[]> {
  if (set === 'onnx-node') return (await load(set, ['Conv', 'ConvTranspose'])).map((c) => onnx(set, c));
  if (set === 'wpt-webnn') return (await load(set, ['conv2d', 'convTranspose2d'])).map((c) => webnn(set, c));
  if (set === 'tfjs') return (await load(set, [...TFJS, ...DEPTHWISE])).flatMap((c) => tfjs(set, c));
  return (await load(set, TORCH)).map((c) => torch(set, c));
}
