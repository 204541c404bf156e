// How well pixels are classified.

export interface Segmented {
  /** Share of the pixels that are right. */
  accuracy: number;
  /** The same among pixels within two of another class. */
  borders: number;
  /** Intersection over union, the mean of the classes that occur. */
  meanIou: number;
}

/** The class of the highest score of every pixel.
 * @param scores [N, classes, H, W], `pixels` = H*W */
export function highest(scores: ArrayLike<number>, classes: number, pixels: number): Uint32Array {
  return Uint32Array.from({ length: scores.length / classes }, (_, i) => {
    const at = Math.floor(i / pixels) * classes * pixels + (i % pixels);
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[at + c * pixels]! > scores[at + best * pixels]!) best = c;
    return best;
  });
}

/** Whether a pixel has another class within `reach` rows and columns of it, in maps [N, size, size]. */
export function nearBorder(truth: ArrayLike<number>, size: number, reach = 2): Uint8Array {
  const near = new Uint8Array(truth.length);
  for (let p = 0; p < truth.length; p++) {
    const [n, i, j] = [Math.floor(p / size ** 2), Math.floor(p / size) % size, p % size];
    for (let k = Math.max(i - reach, 0); k <= Math.min(i + reach, size - 1); k++)
      for (let l = Math.max(j - reach, 0); l <= Math.min(j + reach, size - 1); l++) if (truth[(n * size + k) * size + l] !== truth[p]) near[p] = 1;
  }
  return near;
}

/** Compares class maps [N, size, size]. */
export function segmented(found: ArrayLike<number>, truth: ArrayLike<number>, classes: number, size: number): Segmented {
  const near = nearBorder(truth, size);
  const [both, either] = [new Float64Array(classes), new Float64Array(classes)];
  let [right, rightNear, allNear] = [0, 0, 0];
  for (let p = 0; p < truth.length; p++) {
    const [a, b] = [found[p]!, truth[p]!];
    if (a === b) both[a]!++;
    else either[a]!++;
    either[b]!++;
    right += Number(a === b);
    rightNear += Number(a === b) & near[p]!;
    allNear += near[p]!;
  }
  const ious = [...both].map((n, c) => n / either[c]!).filter((iou) => !Number.isNaN(iou));
  return { accuracy: right / truth.length, borders: rightNear / allNear, meanIou: ious.reduce((a, b) => a + b, 0) / ious.length };
}
