import move from '../../../shaders/arrange/move.wgsl';
import moveHalf from '../../../shaders/arrange/move_half.wgsl';
import padSum from '../../../shaders/arrange/pad_sum.wgsl';
import { UpsampleError } from '../../check.ts';
import { toHalf } from '../../half.ts';
import { type Adapter, BYTES, bytesOf, type DType, type Plan, product, type Step } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import { type ArrangeCall, isMove, type Move, type MoveAxis, merged, type PadSum } from './call.ts';
import { runs, type Side } from './window.ts';

const EDGES = { none: 0, constant: 1, replicate: 2, reflect: 3 } as const;
/** An axis that is not there. Its stride exceeds every index, so that decoding finds coordinate 0. */
const ABSENT: MoveAxis = { size: 1, x: 0, y: 0xffffffff, begin: 0, limit: 1 };
const AXES = 6;

/** Every admissible plan, best first.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function arrangePlans(call: ArrangeCall, adapter: Adapter): Plan[] {
  const { op, outputs, between, steps, x } = call;
  const wide = steps.some((s) => !isMove(s));
  const sizes = Object.entries(outputs).map(([name, t]) => [name, bytesOf(t)] as const);
  const scratch = Object.fromEntries(Object.entries(between).map(([name, n]) => [name, Math.ceil((n * (wide ? 4 : BYTES[x.dtype])) / 4) * 4]));
  for (const [name, bytes] of [...sizes, ...Object.entries(scratch)])
    if (bytes > adapter.limits.buffer)
      throw new UpsampleError('limit-exceeded', op, `${name} needs ${bytes} bytes; the device allows buffers of ${adapter.limits.buffer}`);
  const plan = (name: string, why: string, made: readonly Step[]): Plan => ({ name, why, outputs, scratch, tables: {}, steps: made });
  if (sizes.every(([, bytes]) => bytes === 0)) return [{ ...plan('empty', 'nothing to compute', []), scratch: {} }];
  const sides: Sides = (name) => {
    const tensor = call.inputs[name] ?? outputs[name];
    const dtype = tensor?.dtype ?? (wide ? 'f32' : x.dtype);
    const elements = tensor ? product(tensor.shape) + tensor.skew : between[name]!;
    return { name, dtype, at: tensor?.skew ?? 0, bytes: elements * BYTES[dtype] };
  };
  if (wide)
    return [
      plan(
        'sums',
        'one axis at a time, what was repeated added up',
        steps.flatMap((s) => sumSteps(s as PadSum, op, sides, adapter)),
      ),
    ];
  const units = [...new Set(steps.flatMap((s) => unitsOf(s as Move, sides, x.dtype)))].sort((a, b) => b - a);
  return units.map((most) => {
    const name = most === 16 ? 'vec4' : most === 4 ? 'words' : 'halves';
    const why = `${most} bytes at a time${steps.length > 1 ? ', or as many as each part allows' : ''}`;
    const made = steps.flatMap((s) => moveSteps(s as Move, Math.max(...unitsOf(s as Move, sides, x.dtype).filter((u) => u <= most)), call, sides, adapter));
    return plan(name, why, made);
  });
}

type Sides = (name: string) => Side & { readonly at: number };

/** Bytes that a copy may take at a time; the last always works. */
function unitsOf(step: Move, sides: Sides, dtype: DType): number[] {
  const axes = merged(step.axes, step.edge);
  const width = BYTES[dtype];
  const last = axes.at(-1)!;
  const whole = last.begin === 0 && last.size === last.limit;
  const fits = (bytes: number) => {
    const unit = bytes / width;
    const divides = (...list: number[]) => list.every((n) => n % unit === 0);
    const run = last.x === 1 && last.y === 1 && (whole || step.edge === 'constant' || step.edge === 'none');
    return run && divides(last.size, last.begin, last.limit, sides(step.from).at + step.xAt, step.yAt, ...axes.slice(0, -1).flatMap((a) => [a.x, a.y]));
  };
  return [...[16, 4].filter((bytes) => bytes === width || fits(bytes)), ...(width === 2 ? [2] : [])];
}

/** The fill value as a word, as the dtype has it; halves twice. */
function fillBits(dtype: DType, fill: number): number {
  if (dtype === 'f16') return toHalf([fill])[0]! * 0x10001;
  return dtype === 'f32' ? new Uint32Array(Float32Array.of(fill).buffer)[0]! : fill >>> 0;
}

function moveSteps(step: Move, bytes: number, call: ArrangeCall, sides: Sides, adapter: Adapter): Step[] {
  const { op, x, fill } = call;
  const { edge, from, to } = step;
  const width = BYTES[x.dtype];
  const half = bytes < 4;
  const unit = half ? 1 : bytes / width;
  const axes = merged(step.axes, edge).map((a, i, all) =>
    i === all.length - 1 ? { ...a, size: a.size / unit, begin: a.begin / unit, limit: a.limit / unit } : { ...a, x: a.x / unit, y: a.y / unit },
  );
  if (axes.length > AXES) throw new UpsampleError('limit-exceeded', op, `${axes.length} separate axes change; at most ${AXES} can`);
  const [source, target] = [sides(from), sides(to)];
  const bits = fillBits(x.dtype, fill);
  const units = { x: width * unit, y: width * unit };
  return runs(op, axes, edge, [source, (source.at + step.xAt) / unit], [target, (target.at + step.yAt) / unit], units, adapter).flatMap((run) => {
    const all = [run.axis, ...axes.slice(1)];
    const six = [...new Array<MoveAxis>(AXES - all.length).fill(ABSENT), ...all];
    const slow = (of: (a: MoveAxis) => number) => six.slice(0, 3).map(of);
    const fast = (of: (a: MoveAxis) => number) => six.slice(3).map(of);
    const extent = all.reduce((n, a) => n + (a.size - 1) * a.y, 0);
    const count = half ? Math.floor((run.yAt + extent) / 2) - Math.floor(run.yAt / 2) + 1 : product(all.map((a) => a.size));
    return dispatches(
      {
        kernel: half ? moveHalf : move,
        types: half ? {} : { word: bytes === 16 ? 'vec4<u32>' : 'u32' },
        constants: { SLOW: Number(axes.length > 3), EDGE: EDGES[edge] },
        params: {
          ...{ size0: slow((a) => a.size), x0: slow((a) => a.x), y0: slow((a) => a.y), begin0: slow((a) => a.begin), limit0: slow((a) => a.limit) },
          ...{ size1: fast((a) => a.size), x1: fast((a) => a.x), y1: fast((a) => a.y), begin1: fast((a) => a.begin), limit1: fast((a) => a.limit) },
          ...{ x_at: run.xAt, y_at: run.yAt, fill: half ? bits & 0xffff : bits },
        },
        bind: { x: run.x, y: run.y },
        count,
      },
      adapter,
    );
  });
}

function sumSteps({ from, to, outer, long, short, inner, begin, reflect }: PadSum, op: string, sides: Sides, adapter: Adapter): Step[] {
  const [source, target] = [sides(from), sides(to)];
  const axis: MoveAxis = { size: outer, x: long * inner, y: short * inner, begin: 0, limit: outer };
  // Whatever lies within one of outer is read and written whole.
  const within: MoveAxis[] = [{ size: short * inner, x: 1, y: 1, begin: 0, limit: long * inner }];
  const units = { x: BYTES[source.dtype], y: BYTES[target.dtype] };
  const most = 1e9 / (long - short + 1);
  return runs(op, [axis, ...within], 'none', [source, source.at], [target, target.at], units, adapter).flatMap((run) => {
    const count = run.axis.size * short * inner;
    return dispatches(
      {
        kernel: padSum,
        types: { real_dy: source.dtype, real_dx: target.dtype },
        constants: { REFLECT: Number(reflect) },
        params: { long, short, inner, begin, dy_at: run.xAt + run.axis.begin * axis.x, dx_at: run.yAt },
        bind: { dy: run.x, dx: run.y },
        count,
      },
      adapter,
      most,
    );
  });
}
