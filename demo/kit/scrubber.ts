// Step, play and scrub through a sequence: scrubber(this, { label: 'Stamps', at: state.step, last: () => 4 }).
import type { Panel } from '../panel.ts';
import { effect, type Signal, signal } from '../signal.ts';
import { button } from './controls.ts';
import { element } from './dom.ts';

interface Sequence {
  readonly label: string;
  /** Where it stands, 0..last. */
  readonly at: Signal<number>;
  /** The last position, read in an effect. */
  readonly last: () => number;
  /** What a position is called; default `2 of 4`. */
  readonly text?: (at: number) => string;
  /** Milliseconds a step; default 1100. */
  readonly pace?: number;
}

/** Back, play, on, and a slider. Plays only while the panel is in view, and starts by itself nowhere. */
export function scrubber(panel: Panel, { label, at, last, text, pace = 1100 }: Sequence): HTMLElement {
  const playing = signal(false);
  const move = (to: number) => {
    playing.value = false;
    at.value = Math.min(last(), Math.max(0, to));
  };
  const back = button('', () => move(at.value - 1));
  const on = button('', () => move(at.value + 1));
  const play = button('', () => {
    if (!playing.value && at.value >= last()) at.value = 0;
    playing.value = !playing.value;
  });
  back.setAttribute('aria-label', 'One step back');
  on.setAttribute('aria-label', 'One step on');
  for (const [made, icon] of [[back, 'back'] as const, [play, 'play'] as const, [on, 'on'] as const]) made.classList.add('icon', icon);
  const input = element('input', { type: 'range', min: 0, 'aria-label': label });
  input.addEventListener('input', () => move(input.valueAsNumber));
  const output = element('output', { 'aria-hidden': 'true' });
  effect(() => {
    input.max = String(last());
    input.value = String(at.value);
    output.textContent = text?.(at.value) ?? `${at.value} of ${last()}`;
    input.setAttribute('aria-valuetext', output.textContent);
    back.disabled = at.value <= 0;
    on.disabled = at.value >= last();
  });
  let timer = 0;
  effect(() => {
    const running = playing.value && panel.visible.value;
    play.setAttribute('aria-label', playing.value ? 'Pause' : 'Play');
    play.classList.toggle('pause', playing.value);
    clearInterval(timer);
    if (!running) return;
    timer = window.setInterval(() => {
      if (at.value < last()) at.value++;
      if (at.value >= last()) playing.value = false;
    }, pace);
  });
  return element('fieldset', { class: 'control scrubber' }, element('legend', {}, label), back, play, on, input, output);
}
