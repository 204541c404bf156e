import curve from '../../../shaders/pointwise/curve.wgsl';
import map from '../../../shaders/pointwise/map.wgsl';
import pairKernel from '../../../shaders/pointwise/pair.wgsl';
import pairSlope from '../../../shaders/pointwise/pair_slope.wgsl';
import slope from '../../../shaders/pointwise/slope.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { type Deal, deals, folds, WHY } from '../reduce/fold.ts';
import { checkBuffers } from '../slices.ts';
import { groupsOf } from './broadcast.ts';
import type { MapCall, PairCall } from './call.ts';
import { aligned, dispatches, type Flat, LANES, runs } from './cells.ts';
import { BINARY, FALL, FIRST, UNARY } from './functions.ts';
import { operandOf } from './operand.ts';

/** A tensor as one of the flat ones of a dispatch. */
const flat = (slot: string, name: string, { dtype, skew }: TensorSpec): Flat => ({ slot, name, dtype, skew });
export const result = (x: TensorSpec): TensorSpec => ({ ...x, skew: 0 });

/** A plan of cells of four where they can be taken, and the plain one. */
export function widePlans(wide: boolean, outputs: Plan['outputs'], steps: (wide: boolean) => Step[]): Plan[] {
  const plan = (name: string, why: string, list: Step[]): Plan => ({ name, why, outputs, scratch: {}, tables: {}, steps: list });
  const empty = Object.values(outputs).every(({ shape }) => product(shape) === 0);
  if (empty) return [plan('empty', 'nothing to compute', [])];
  const plain = plan('plain', 'one element an invocation', steps(false));
  return wide ? [plan('wide', 'four elements an invocation, where they begin together', steps(true)), plain] : [plain];
}

/** Every admissible plan of a function of one number or of one of its derivatives, best first. */
export function mapPlans({ op, name, slope: below, x, dy, g }: MapCall, adapter: Adapter): Plan[] {
  const outputs = { output: result(x) };
  checkBuffers(op, outputs, adapter);
  const flats = [
    ...(g ? [flat('g', 'g', g)] : []),
    ...(dy ? [flat('dy', 'dy', dy)] : []),
    flat('x', dy ? 'x' : 'input', x),
    flat('y', 'output', outputs.output),
  ];
  const kernel = g ? curve : dy ? slope : map;
  const constants = { ACT: UNARY[name], SLOPE: below };
  const n = product(x.shape);
  return widePlans(aligned(flats) && n >= LANES, outputs, (wide) =>
    dispatches(kernel, runs(n, flats, wide, adapter), () => ({ constants, params: {} }), adapter),
  );
}

/** Refuses a repeating operand that no binding can hold. */
export function checkBound(op: string, name: string, b: TensorSpec, { limits }: Adapter): void {
  const bytes = (product(b.shape) + b.skew) * BYTES[b.dtype];
  if (bytes > limits.binding)
    throw new UpsampleError('limit-exceeded', op, `${name} [${b.shape.join(', ')}] needs ${bytes} bytes; the device allows bindings of ${limits.binding}`);
}

/** f(a, b) element by element: `name` of b and of the result in the plan. */
function pairSteps(
  op: string,
  number: number,
  a: { name: string; spec: TensorSpec },
  b: { name: string; spec: TensorSpec | number; strides: readonly number[] | null },
  y: string,
  wide: boolean,
  adapter: Adapter,
): Step[] {
  if (b.strides) checkBound(op, b.name, b.spec as TensorSpec, adapter);
  const operand = operandOf(op, b.name, a.spec, b.spec, b.strides, 'a');
  const flats = [flat('a', a.name, a.spec), ...operand.flat, flat('y', y, result(a.spec))];
  return dispatches(
    pairKernel,
    runs(product(a.spec.shape), flats, wide && operand.wide, adapter),
    (run) => {
      const { mode, terms, ...rest } = operand.rest(run);
      return { ...rest, constants: { PAIR: number, OPERAND: mode, TERMS: terms } };
    },
    adapter,
  );
}

/** Every admissible plan of a function of two numbers, best first. */
export function pairPlans({ op, name, names, a, b, strides }: PairCall, adapter: Adapter): Plan[] {
  const outputs = { output: result(a) };
  checkBuffers(op, outputs, adapter);
  const second = { name: names[1], spec: b, strides };
  const { wide, flat: beside } = operandOf(op, names[1], a, b, strides, 'a');
  return widePlans(wide && aligned([a, ...beside]) && product(a.shape) >= LANES, outputs, (w) =>
    pairSteps(op, BINARY[name], { name: names[0], spec: a }, second, 'output', w, adapter),
  );
}

/** The gradient of the first operand: dy times what the function is linear with, or prelu's slope. */
function gradientOfFirst({ op, name, names, a, b, strides, dy }: PairCall, wide: boolean, adapter: Adapter): Step[] {
  const to = `d${names[0]}`;
  const from = { name: 'dy', spec: dy! };
  if (name === 'mul') return pairSteps(op, BINARY.mul, from, { name: names[1], spec: b, strides }, to, wide, adapter);
  if (name !== 'prelu') return pairSteps(op, FIRST, from, { name: '', spec: 0, strides: null }, to, wide, adapter);
  if (strides) checkBound(op, names[1], b as TensorSpec, adapter);
  const operand = operandOf(op, names[1], a, b, strides, 'a');
  const flats = [flat('dy', 'dy', dy!), flat('a', names[0], a), ...operand.flat, flat('y', to, result(a))];
  return dispatches(
    pairSlope,
    runs(product(a.shape), flats, wide && operand.wide, adapter),
    (run) => {
      const { mode, terms, params, types, bind } = operand.rest(run);
      return {
        ...{ types: { ...types, num_dy: run.types['num']! }, bind },
        params: { ...params, scale: 1 },
        constants: { PAIR: BINARY.prelu, SECOND: 0, EACH: 1, OPERAND: mode, TERMS: terms },
      };
    },
    adapter,
  );
}

/** Every admissible plan of the gradients of a function of two numbers, best first. */
export function pairBackwardPlans(call: PairCall, adapter: Adapter): Plan[] {
  const { op, name, names, a, b, strides, dy, gradients = [] } = call;
  const outputs: Record<string, TensorSpec> = {
    ...(gradients.includes('a') && { [`d${names[0]}`]: result(a) }),
    ...(gradients.includes('b') && { [`d${names[1]}`]: result(b as TensorSpec) }),
  };
  checkBuffers(op, outputs, adapter);
  const to = `d${names[1]}`;
  const sign = name === 'sub' ? -1 : 1;
  const plan = (title: string, why: string, wide: boolean, deal: Deal): Plan => {
    const steps: Step[] = [];
    let scratch: Plan['scratch'] = {};
    if (gradients.includes('a')) steps.push(...gradientOfFirst(call, wide, adapter));
    if (gradients.includes('b')) {
      const q = name === 'mul' || name === 'prelu' ? { name: names[0], dtype: a.dtype, skew: a.skew } : undefined;
      const number = name === 'mul' ? BINARY.mul : name === 'prelu' ? FALL : FIRST;
      if (strides) {
        const groups = groupsOf(a.shape, a.layout, (axis) => strides[axis] === 0);
        const what = { pair: number, p: { name: 'dy', dtype: dy!.dtype, skew: dy!.skew }, ...(q && { q }) };
        const sum = folds(op, 'part', what, groups, { name: to, dtype: (b as TensorSpec).dtype, scale: sign }, deal, adapter);
        steps.push(...sum.steps);
        scratch = sum.scratch;
      } else {
        const second = q ? { name: names[0], spec: a, strides: null } : { name: '', spec: sign, strides: null };
        steps.push(...pairSteps(op, q ? number : BINARY.mul, { name: 'dy', spec: dy! }, second, to, wide, adapter));
      }
    }
    return { name: title, why, outputs, scratch, tables: {}, steps };
  };
  if (Object.values(outputs).every(({ shape }) => product(shape) === 0)) return [{ ...plan('empty', 'nothing to compute', false, 'contiguous'), steps: [] }];
  return [...deals(adapter).map((deal) => plan(`wide, ${deal}`, WHY[deal], true, deal)), plan('plain', 'one element an invocation', false, 'contiguous')];
}
