// A teaching panel. Its markup has a heading, two or three sentences that say what to see, a .figure and .controls; message, badge and code come by themselves.
//
//   export class FillPanel extends Lesson {
//     readonly markup = markup;                                  // fill.html?raw
//     readonly #state = remembered(this, { stride: whole(2, 1, 4), x: numbers([2, 3]) });
//     start() {
//       const y = new Grid({ label: 'y' });
//       this.find('.figure').append(y.element);
//       this.find('.controls').append(range({ label: 'Stride', value: this.#state.stride, min: 1, max: 4 }));
//       effect(() => {
//         const options = { stride: this.#state.stride.value };
//         this.compute({
//           inputs: { x: { data: this.#state.x.value, shape: [1, 1, 2] } },
//           gpu: ({ x }) => bedOfNails1d(x, options),            // webgpu-upsample
//           cpu: ({ x }) => reference.bedOfNails1d(x, options),  // webgpu-upsample/reference
//           show: ({ data, shape }) => y.show({ rows: 1, columns: shape[2]!, values: data }),
//         });
//         this.code.show(`const y = bedOfNails1d(x, ${…})`);
//       });
//     }
//   }
//
// For tests: data-by is "gpu" or "cpu" once the numbers shown have been compared, and absent while they have not; data-invalid says that a call was refused.

import { UpsampleError } from '../../src/index.ts';
import { whyNoGpu } from '../gpu.ts';
import { Panel } from '../panel.ts';
import { Code } from './code.ts';
import { type Call, type Inputs, type Outcome, onGpu, reference, rounded } from './compute.ts';
import { element } from './dom.ts';
import { tiny } from './numbers.ts';

export abstract class Lesson extends Panel {
  /** The panel's HTML, there before it starts: what lies below does not jump. */
  abstract readonly markup: string;
  readonly code = new Code();
  readonly #message = element('p', { class: 'message', role: 'status' });
  readonly #badge = element('p', { class: 'badge', role: 'status' });
  /** What computes on its own, and how its latest call fared. */
  readonly #parts = new Map<string, { refused?: string; outcome?: Outcome }>();

  override connectedCallback(): void {
    if (!this.firstElementChild) {
      this.innerHTML = this.markup;
      this.classList.add('lesson');
      this.find('.controls').append(this.#message);
      this.append(element('div', { class: 'lesson-foot' }, this.#badge, this.code.element));
    }
    super.connectedCallback();
  }

  /** Says what cannot be done, in words; nothing for nothing. */
  explain(text: string): void {
    if (this.#message.textContent !== text) this.#message.textContent = text;
    this.toggleAttribute('data-invalid', text !== '');
  }

  /** Computes with the library: the reference's results are drawn at once, then the GPU's in their place, and the badge says how far apart they are.
   * A call that the library refuses is explained in its own sentence below the controls; grids fade, and show what they showed unless the panel draws more.
   * @param part of the panel, where several compute on their own; the badge speaks of all
   * @returns whether the library accepted it */
  compute<I extends Inputs>(given: Call<I>, part = ''): boolean {
    const call = { ...given, inputs: rounded(given.inputs) };
    const mine: { refused?: string; outcome?: Outcome } = {};
    this.#parts.set(part, mine);
    const wanted = () => this.#parts.get(part) === mine;
    try {
      const want = reference(call);
      this.#report();
      call.show(...want);
      void onGpu(call, want, wanted).then((outcome) => {
        if (!outcome || !wanted()) return;
        mine.outcome = outcome;
        this.#report();
      });
      return true;
    } catch (error) {
      if (!(error instanceof UpsampleError)) throw error;
      mine.refused = error.message;
      this.#report();
      return false;
    }
  }

  /** Says that what is shown is not what is asked for any more: a comparison on its way counts no longer. */
  outdate(part = ''): void {
    this.#parts.set(part, {});
    delete this.dataset['by'];
  }

  #report(): void {
    const parts = [...this.#parts.values()];
    const refused = parts.find((part) => part.refused)?.refused;
    this.explain(refused ?? '');
    delete this.dataset['by'];
    if (refused) {
      this.#badge.className = 'badge';
      this.#badge.textContent = 'Nothing to compare: the library refuses this call.';
      return;
    }
    const outcomes = parts.flatMap(({ outcome }) => outcome ?? []);
    if (outcomes.length === parts.length) this.#judge(outcomes);
  }

  #judge(outcomes: readonly Outcome[]): void {
    const badge = this.#badge;
    const reason = outcomes.find((outcome) => outcome.reason !== undefined)?.reason;
    if (reason !== undefined) {
      badge.className = 'badge without';
      badge.textContent = `${reason === 'device-lost' ? 'The graphics device was lost' : 'No WebGPU here'}: computed on the CPU, by the library’s reference.`;
      badge.title = whyNoGpu(reason);
      this.dataset['by'] = 'cpu';
      return;
    }
    const compared = outcomes.filter((outcome) => outcome.reason === undefined);
    const equal = compared.every((outcome) => outcome.equal);
    const exact = compared.flatMap((outcome) => outcome.exact ?? []).map((what) => `; ${what} to the last bit`);
    badge.className = `badge ${equal ? 'good' : 'bad'}`;
    badge.textContent = `GPU ${equal ? '=' : '≠'} CPU reference, largest difference ${tiny(Math.max(...compared.map((outcome) => outcome.difference)))}${equal ? exact.join('') : ''}`;
    badge.removeAttribute('title');
    this.dataset['by'] = 'gpu';
  }
}
