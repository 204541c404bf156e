// Movement only where it is welcome and seen.
import type { Panel } from '../panel.ts';

/** Whether the visitor prefers stillness. */
export const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Calls `step` before every frame while the panel is in view, until it returns false.
 * @returns a function that ends it early */
export function animate(panel: Panel, step: (now: number) => boolean): () => void {
  let frame = 0;
  const run = (now: number) => {
    if (!panel.visible.value || step(now)) frame = requestAnimationFrame(run);
  };
  frame = requestAnimationFrame(run);
  return () => cancelAnimationFrame(frame);
}
