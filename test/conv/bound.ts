// What a result may differ by: semantics.md 14. One number a tensor: the same map applied to absolute values.
import type { ConvCall } from '../../src/ops/conv/call.ts';

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

/** Units of 2^-24 of the scale for y, dx, dw and db. */
export function units({ geometry: g, transposed }: ConvCall): Record<'y' | 'dx' | 'dw' | 'db', number> {
  const taps = product(g.axes.map((a) => a.kernel));
  const [small, large] = [g.smallChannels / g.groups, g.largeChannels / g.groups];
  const of = (terms: number) => 4 + 2 * Math.sqrt(terms);
  const positions = g.batch * product(g.axes.map((a) => (transposed ? a.large : a.small)));
  return {
    y: of((transposed ? small : large) * taps),
    dx: of((transposed ? large : small) * taps),
    dw: of(g.batch * product(g.axes.map((a) => a.small))),
    db: of(positions),
  };
}

/** Rounding of the store of an f16 result. */
export const HALF = 2 ** -11;
