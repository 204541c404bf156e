import { version } from '../../package.json';
import { copyButton } from '../kit/code.ts';
import { button, choice } from '../kit/controls.ts';
import { element } from '../kit/dom.ts';
import { remembered, word } from '../kit/state.ts';
import { Panel } from '../panel.ts';
import { effect } from '../signal.ts';
import { exampleOf, NAMES, type Name, TABS } from './examples.ts';
import { type Modules, standalone } from './standalone.ts';
import markup from './use.html?raw';

/** What the frame tells the panel. */
type Message = { readonly height: number } | { readonly done: true } | { readonly error: string };

/** Said by the frame, in addition to what is downloaded. */
const TOLD = {
  head: `{
  const tell = (message) => parent.postMessage(message, '*');
  const measure = () => tell({ height: document.documentElement.offsetHeight });
  new ResizeObserver(measure).observe(document.body);
  new MutationObserver(measure).observe(document.body, { subtree: true, childList: true, attributes: true }); // sizes are not observed out of view
  addEventListener('error', (event) => tell({ error: String(event.error ?? event.message) }));
  addEventListener('unhandledrejection', (event) => tell({ error: String(event.reason) }));
}`,
  end: "parent.postMessage({ done: true }, '*');",
};

const modulesFor = async (code: string): Promise<Modules> => {
  const [library, reference] = await Promise.all([
    import('bundle:library'),
    code.includes('webgpu-upsample/reference') ? import('bundle:reference') : undefined,
  ]);
  return { library: library.default, reference: reference?.default };
};

/** Examples that run in place, install lines, and each example as a file.
 * For tests: data-ran is "ok" or "failed" once an example has run. */
export class UsePanel extends Panel {
  readonly #state = remembered(this, { example: word('upscale', NAMES) });
  readonly #text = element('textarea', { spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', 'aria-label': 'Code of the example' });
  readonly #run = button('Run', () => this.#start());
  /** What the visitor made of an example. */
  readonly #edited = new Map<Name, string>();
  #frame: HTMLIFrameElement | undefined;
  #began = 0;

  override connectedCallback(): void {
    if (!this.firstElementChild) {
      this.innerHTML = markup;
      this.classList.add('lesson');
    }
    super.connectedCallback();
  }

  start(): void {
    const { example } = this.#state;
    this.#run.classList.add('use-run');
    const reset = button('Undo changes', () => {
      this.#edited.delete(example.value);
      this.#show(example.value);
    });
    const download = button('Download as one HTML file', () => this.#download());
    this.find('.use-tabs').append(choice({ label: 'Example', value: example, options: TABS }));
    this.find('.use-code').append(
      this.#text,
      element(
        'div',
        { class: 'use-buttons' },
        this.#run,
        copyButton(() => this.#text.value),
        reset,
        download,
      ),
    );
    this.#text.addEventListener('input', () => this.#edited.set(example.value, this.#text.value));
    this.find('.use-npm').append(element('pre', { tabindex: 0 }, 'npm install webgpu-upsample\nnpm install webgpu # in Node'));
    const address = `https://cdn.jsdelivr.net/npm/webgpu-upsample@${version}/dist/webgpu-upsample.min.js`;
    const lines = ['<script type="module">', `  import { createContext, bilinear2d } from '${address}';`, '  const ctx = await createContext();', '</script>'];
    this.find('.use-cdn').append(element('pre', { tabindex: 0 }, lines.join('\n')));
    this.find('.use-note').textContent =
      `Both give version ${version} once it is released on npm; until then, npm run build makes the same files. Training, pictures and weights are entries of their own: webgpu-upsample/nn, /image and /io; the float64 reference is /reference.`;
    addEventListener('message', ({ source, data }) => {
      if (source && source === this.#frame?.contentWindow) this.#hear(data as Message);
    });
    effect(() => this.#show(example.value));
    effect(() => {
      if (!this.visible.value && this.#run.disabled) this.#end('Stopped, since it was out of view.');
    });
    this.dataset['ready'] = '';
  }

  #show(name: Name): void {
    const code = this.#edited.get(name) ?? exampleOf(name).code;
    this.#text.value = code;
    this.#text.rows = code.split('\n').length + 1;
  }

  /** The example with what the visitor made of it. */
  #example() {
    return { ...exampleOf(this.#state.example.value), code: this.#text.value };
  }

  async #start(): Promise<void> {
    this.#run.disabled = true;
    delete this.dataset['ran'];
    this.#say('', 'Loading the library …');
    const example = this.#example();
    try {
      const html = standalone(example, await modulesFor(example.code), TOLD);
      this.#began = performance.now();
      this.#say('', 'Running …');
      this.#frame = element('iframe', { title: `Result: ${example.title}`, sandbox: 'allow-scripts', height: 128 });
      this.#frame.srcdoc = html;
      this.find('.use-frame').replaceChildren(this.#frame);
    } catch (error) {
      this.#finish('failed', `It could not be loaded: ${(error as Error).message}`);
    }
  }

  #hear(message: Message): void {
    if ('height' in message) this.#frame!.height = String(Math.ceil(message.height));
    else if (!this.#run.disabled)
      return; // what fails later is written in the frame
    else if ('error' in message) this.#finish('failed', message.error.startsWith('UpsampleError') ? message.error : `It failed: ${message.error}`);
    else this.#finish('ok', `Ran in ${Math.round(performance.now() - this.#began)} ms, its own GPU device and compilation included.`);
  }

  #finish(ran: 'ok' | 'failed', text: string): void {
    this.#run.disabled = false;
    this.dataset['ran'] = ran;
    this.#say(ran === 'ok' ? 'good' : 'bad', text);
  }

  #end(text: string): void {
    this.#frame?.remove();
    this.#frame = undefined;
    this.#run.disabled = false;
    this.#say('', text);
  }

  #say(kind: '' | 'good' | 'bad', text: string): void {
    const badge = this.find('.use-badge');
    badge.className = `badge use-badge ${kind}`;
    badge.textContent = text;
  }

  async #download(): Promise<void> {
    const example = this.#example();
    const html = standalone(example, await modulesFor(example.code));
    const address = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
    element('a', { href: address, download: `webgpu-upsample-${this.#state.example.value}.html` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}
