import type { Case } from './case.ts';

/** Families that run in f16. */
const FAMILIES: readonly Case['family'][] = ['resample', 'conv', 'shuffle', 'pool'];

/** What is quick, once more with halves, but no row that costs only the call. One a family and scale stays quick. */
export function inHalf(cases: readonly Case[]): Case[] {
  const first = new Set<string>();
  return cases
    .filter(({ quick, name, family }) => quick && FAMILIES.includes(family) && !name.includes('tiny'))
    .map(({ trend: _, ...one }) => {
      const kind = `${one.family} ${one.scale === 'full'}`;
      const quick = !first.has(kind);
      first.add(kind);
      return { ...one, name: `f16 ${one.name}`, group: `f16 ${one.group}`, dtype: 'f16', quick } as Case;
    });
}
