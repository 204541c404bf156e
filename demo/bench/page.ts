import { PEERS } from './library.ts';
import { cells, headers, markdown, roofText } from './report.ts';
import type { Row } from './row.ts';
import { openBench, QUICK, type Report, THOROUGH } from './run.ts';

const get = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!;
const form = get<HTMLFormElement>('#options');
const run = get<HTMLButtonElement>('[type=submit]');
const stop = get<HTMLButtonElement>('#stop');
const copy = get<HTMLButtonElement>('#copy');
const table = get<HTMLTableElement>('table');
const status = get<HTMLElement>('#status');
const bar = get<HTMLProgressElement>('#progress');

for (const [name, { title, megabytes }] of Object.entries(PEERS)) {
  const label = document.createElement('label');
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', name: 'peers', value: name });
  const size = Object.assign(document.createElement('small'), { textContent: `(${megabytes} MB)` });
  label.append(box, ` ${title} `, size);
  get('#peers').append(label);
}

get<HTMLElement>('.scroll').tabIndex = 0; // a wide table scrolls by keyboard too

let opened: ReturnType<typeof openBench> | undefined;
let latest: Report | undefined;

function line(texts: readonly string[], tag: 'th' | 'td') {
  return texts.map((textContent, i) => Object.assign(document.createElement(i ? tag : 'th'), { textContent, scope: i ? (tag === 'th' ? 'col' : '') : 'row' }));
}

function show(row: Row, report: Report) {
  latest = report;
  copy.disabled = false;
  const { adapter, software, roofs, versions } = report;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  get('#adapter').textContent =
    `${adapter}${software ? ': a software adapter, so these times say little about GPUs' : ''}. ${names.join(', ')}. ${roofText(roofs[0]!)}.`;
  if (table.hidden) get('thead tr').replaceChildren(...line(headers(report), 'th'));
  table.hidden = false;
  const body = get<HTMLTableSectionElement>('tbody');
  const tr = body.rows[report.rows.findIndex(({ name }) => name === row.name)] ?? body.insertRow();
  tr.replaceChildren(...line(cells(row, report), 'td'));
  headers(report).forEach((title, i) => {
    tr.children[i]!.classList.toggle('factor', title.startsWith('vs '));
  });
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const data = new FormData(form);
  const abort = new AbortController();
  stop.onclick = () => abort.abort();
  run.disabled = true;
  stop.disabled = false;
  table.hidden = true;
  get('tbody').replaceChildren();
  try {
    const bench = await (opened ??= openBench());
    latest = await bench.run(
      { ...(data.get('rounds') === 'full' ? THOROUGH : QUICK), peers: data.getAll('peers').map(String), only: String(data.get('only') ?? '') },
      {
        signal: abort.signal,
        progress: (text, done, total) => {
          status.textContent = total ? `${done} of ${total}: ${text}` : text;
          bar.value = total ? done / total : 0;
        },
        row: show,
      },
    );
    status.textContent = `${abort.signal.aborted ? 'Stopped' : 'Done'}: ${latest.rows.length} rows.`;
  } catch (error) {
    status.textContent = `It failed: ${error instanceof Error ? error.message : error}`;
  } finally {
    run.disabled = false;
    stop.disabled = true;
  }
});

copy.addEventListener('click', async () => {
  await navigator.clipboard.writeText(markdown(latest!));
  copy.textContent = 'Copied';
  setTimeout(() => {
    copy.textContent = 'Copy as Markdown';
  }, 1500);
});
