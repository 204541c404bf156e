import type { TensorSpec } from '../../plan.ts';

/** One product of batches of matrices, c[i,m,n] = bias[n] + sum over k of a[i,m,k] * b[i,k,n]; or with `over` their sum over i. c is row-major. */
export interface Product {
  readonly a: string;
  readonly b: string;
  readonly bias: string | null;
  readonly to: string;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Steps in memory along batch, row and depth of a, and along batch, depth and column of b. */
  readonly aSteps: readonly [number, number, number];
  readonly bSteps: readonly [number, number, number];
  readonly over: boolean;
}

/** A call with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface MatmulCall {
  readonly op: string;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  readonly products: readonly Product[];
  /** Columns of dy [rows, columns] to be summed up into db. */
  readonly sum: { readonly rows: number; readonly columns: number } | null;
}
