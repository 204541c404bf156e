import type { TensorSpec } from '../../plan.ts';
import type { Geometry, Triple } from '../conv/geometry.ts';
import type { IndexFormat } from './format.ts';

/** Axes of a pooling, D, H and W: `large` is its input, `small` its output. */
export type Axes = Geometry['axes'];

/** Where a pooling looks for its indices' cells: sizes of the plane that they count in, and how they count. */
export interface Indexing {
  readonly format: IndexFormat;
  /** D, H, W. */
  readonly plane: Triple;
  readonly channels: number;
}

/** Max pooling with its arguments checked and completed, as plain data. */
export interface MaxPoolCall {
  readonly op: string;
  readonly x: TensorSpec;
  readonly y: TensorSpec;
  readonly axes: Axes;
  readonly nan: 'propagate' | 'ignore';
  readonly returnIndices: boolean;
  readonly indexing: Indexing;
}

/** What a cell gets that several indices name. */
export type Duplicates = 'last' | 'first' | 'sum';

/** The map from windows to cells, or its transpose: max unpooling, and the gradient of max pooling. */
export interface SpreadCall {
  readonly op: string;
  /** Whether cells are read and windows written: the gradient of unpooling. */
  readonly backward: boolean;
  /** Whether an index that leaves its own window still counts: unpooling; for the gradient of pooling it does not exist. */
  readonly free: boolean;
  /** One element a window: x of unpooling, dy of pooling, dx of unpooling. */
  readonly small: TensorSpec;
  /** One element a cell: y of unpooling, dx of pooling, dy of unpooling. */
  readonly large: TensorSpec;
  readonly indices: TensorSpec;
  readonly axes: Axes;
  readonly indexing: Indexing;
  readonly duplicates: Duplicates;
  /** Whether an index outside its plane is an error. */
  readonly check: boolean;
}

/** Indices from one format to another. */
export interface ConvertCall {
  readonly op: string;
  readonly x: TensorSpec;
  readonly from: Indexing;
  readonly to: Indexing;
}
