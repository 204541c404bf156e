// Where the windows of a pooling stand, and the call's options.

export const SIDE = 4;

export const RULES = { last: 'Last', first: 'First', sum: 'Sum' } as const;
export type Rule = keyof typeof RULES;

export interface Setting {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly rule: Rule;
}

/** Windows along an axis; below 1 the library refuses. */
export const windowsOf = ({ kernel, stride, padding }: Setting): number => Math.floor((SIDE + 2 * padding - kernel) / stride) + 1;

/** Cells of x that a window sees, row by row. */
export function cellsOf(s: Setting, window: number): readonly number[] {
  const n = windowsOf(s);
  const along = (o: number) => Array.from({ length: s.kernel }, (_, t) => o * s.stride - s.padding + t).filter((i) => i >= 0 && i < SIDE);
  return along(Math.floor(window / n)).flatMap((r) => along(window % n).map((c) => r * SIDE + c));
}

export const pooling = ({ kernel, stride, padding }: Setting) => ({ kernelSize: kernel, stride, ...(padding && { padding }) });
export const unpooling = (s: Setting) => ({ ...pooling(s), outputSize: SIDE, duplicates: s.rule });
export const nails = ({ stride }: Setting) => ({ stride });
