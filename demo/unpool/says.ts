// What the panel says of its numbers.
import { short } from '../kit/numbers.ts';
import { SIDE } from './windows.ts';

interface Numbers {
  readonly setting: { readonly stride: number; readonly rule: 'last' | 'first' | 'sum' };
  readonly small: number;
  readonly at: readonly number[];
  readonly y: ArrayLike<number>;
  readonly nails: ArrayLike<number>;
}

const count = (data: ArrayLike<number>, wanted: (v: number) => boolean) => Array.from(data).filter(wanted).length;
const cells = (n: number) => `${n} ${n === 1 ? 'cell' : 'cells'}`;

/** The cell of the result's plane where bed of nails puts a window's value; undefined where its result has another size. */
const nailOf = ({ setting: { stride }, small }: Numbers, window: number): number | undefined =>
  small * stride === SIDE ? Math.floor(window / small) * stride * SIDE + (window % small) * stride : undefined;

/** Where bed of nails puts it. */
export function bed(now: Numbers, window: number): string {
  const nail = nailOf(now, window);
  if (nail === undefined) return '';
  return nail === now.at[window] ? ' So does bed of nails, by chance.' : ` Bed of nails puts it at ${nail}.`;
}

/** Both results, compared. */
export function zeros(now: Numbers): string {
  const { at, y, nails, small, setting } = now;
  const named = new Set(at).size;
  const met = at.length - named;
  const size = small * setting.stride;
  const none = `${SIDE * SIDE - named} of ${SIDE * SIDE} cells have no pin and are 0`;
  const more = met ? ` ${cells(named)} ${named === 1 ? 'has' : 'have'} ${at.length} pins: where several meet, ${HOW[setting.rule]}.` : '';
  if (size !== SIDE)
    return `${none}.${more} Bed of nails with stride ${setting.stride} makes ${size} × ${size} of the ${small} × ${small}: it knows nothing of x.`;
  const same = at.filter((c, w) => c === nailOf(now, w)).length;
  const alike =
    count(y, (v) => v === 0) === count(nails, (v) => v === 0) ? 'Bed of nails has as many zeros' : `Bed of nails has ${count(nails, (v) => v === 0)} zeros`;
  return `${none}.${more} ${alike}; ${same} of its ${at.length} values ${same === 1 ? 'lies' : 'lie'} where the largest was.`;
}

const HOW = {
  last: 'the last one wins (they carry the same number here, but only it gets the gradient)',
  first: 'the first one wins (they carry the same number here, but only it gets the gradient)',
  sum: 'values are added',
} as const;

/** Who gets the gradient. */
export function gone({ at, setting }: Numbers, { dy, dx }: { readonly dy: readonly number[]; readonly dx: ArrayLike<number> }): string {
  const named = new Set(at);
  const total = dy.reduce((a, b) => a + b, 0);
  const kept = Array.from(dx).reduce((a, b) => a + b, 0);
  const meet = at.length - named.size;
  const lost = meet
    ? setting.rule === 'sum'
      ? ' Windows that share a cell each get its gradient, and the cell gets it back from each of them.'
      : ` Of windows that share a cell only the ${setting.rule} one gets it, since only its value was written: PyTorch gives it to all of them.`
    : '';
  return `The gradient takes the same pins home: ${cells(named.size)} of dx ${named.size === 1 ? 'gets' : 'get'} something, all others were no maximum and get 0. Of ${short(total, 3)} in dy, ${short(kept, 3)} arrive.${lost}`;
}
