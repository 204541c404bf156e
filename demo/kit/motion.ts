// Movement only where it is welcome and seen.
import type { Panel } from '../panel.ts';
import { effect } from '../signal.ts';

/** Whether the visitor prefers stillness. */
export const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Calls `step` before every frame while the panel is in view, until it returns false. For what runs long: one to a panel.
 * @returns a function that ends it early */
export function animate(panel: Panel, step: (now: number) => boolean): () => void {
  let frame = 0;
  let ended = false;
  const end = () => {
    ended = true;
    cancelAnimationFrame(frame);
  };
  const run = (now: number) => {
    if (step(now)) frame = requestAnimationFrame(run);
    else end();
  };
  effect(() => {
    cancelAnimationFrame(frame);
    if (panel.visible.value && !ended) frame = requestAnimationFrame(run);
  });
  return end;
}
