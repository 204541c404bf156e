// The reference of every operation of the family.
import type { Plain, PlainResult } from '../../plain.ts';
import { type InsertOptions, insertNdCall, interpolateCall, nearest2dCall, resizeCall, smooth2dCall } from './arguments.ts';
import { backward, forward } from './map.ts';

export type { Plain, PlainResult };

type Insert = (x: Plain, options?: InsertOptions) => PlainResult;
type InsertBackward = (dy: Plain, inputShape: readonly number[], options?: InsertOptions) => PlainResult;

// Each as its namesake on the GPU.
export const interpolate = /*#__PURE__*/ forward('interpolate', interpolateCall);
export const interpolateBackward = /*#__PURE__*/ backward('interpolateBackward', interpolateCall);
export const resize = /*#__PURE__*/ forward('resize', resizeCall);
export const resizeBackward = /*#__PURE__*/ backward('resizeBackward', resizeCall);
export const nearest2d = /*#__PURE__*/ forward('nearest2d', nearest2dCall);
export const nearest2dBackward = /*#__PURE__*/ backward('nearest2dBackward', nearest2dCall);
export const bilinear2d = /*#__PURE__*/ forward('bilinear2d', /*#__PURE__*/ smooth2dCall('bilinear'));
export const bilinear2dBackward = /*#__PURE__*/ backward('bilinear2dBackward', /*#__PURE__*/ smooth2dCall('bilinear'));
export const bicubic2d = /*#__PURE__*/ forward('bicubic2d', /*#__PURE__*/ smooth2dCall('bicubic'));
export const bicubic2dBackward = /*#__PURE__*/ backward('bicubic2dBackward', /*#__PURE__*/ smooth2dCall('bicubic'));
export const bedOfNails1d: Insert = /*#__PURE__*/ forward('bedOfNails1d', /*#__PURE__*/ insertNdCall(1, true));
export const bedOfNails2d: Insert = /*#__PURE__*/ forward('bedOfNails2d', /*#__PURE__*/ insertNdCall(2, true));
export const bedOfNails3d: Insert = /*#__PURE__*/ forward('bedOfNails3d', /*#__PURE__*/ insertNdCall(3, true));
export const bedOfNails1dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails1dBackward', /*#__PURE__*/ insertNdCall(1, true));
export const bedOfNails2dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails2dBackward', /*#__PURE__*/ insertNdCall(2, true));
export const bedOfNails3dBackward: InsertBackward = /*#__PURE__*/ backward('bedOfNails3dBackward', /*#__PURE__*/ insertNdCall(3, true));
export const zeroInsert1d: Insert = /*#__PURE__*/ forward('zeroInsert1d', /*#__PURE__*/ insertNdCall(1, false));
export const zeroInsert2d: Insert = /*#__PURE__*/ forward('zeroInsert2d', /*#__PURE__*/ insertNdCall(2, false));
export const zeroInsert3d: Insert = /*#__PURE__*/ forward('zeroInsert3d', /*#__PURE__*/ insertNdCall(3, false));
export const zeroInsert1dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert1dBackward', /*#__PURE__*/ insertNdCall(1, false));
export const zeroInsert2dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert2dBackward', /*#__PURE__*/ insertNdCall(2, false));
export const zeroInsert3dBackward: InsertBackward = /*#__PURE__*/ backward('zeroInsert3dBackward', /*#__PURE__*/ insertNdCall(3, false));
