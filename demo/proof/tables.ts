// The bench's rows as two tables: times, and who is right.
import { cells, headers } from '../bench/report.ts';
import type { Row } from '../bench/row.ts';
import type { Report } from '../bench/run.ts';
import { element } from '../kit/dom.ts';
import { tiny } from '../kit/numbers.ts';

/** Rows that race: a segmentation head, a vocoder's last layer, and one or two of every family. */
export const RACES = [
  'convT selfie head',
  'convT iSTFT (reduced)',
  'convT pix2pix d7 (reduced)',
  'conv ResNet 64→64',
  'resizeConv head',
  'bilinear 64ch 64×64',
  'bicubic 3ch 128×128',
  'bilinear backward align_corners 64ch 64×64',
  'R10 (reduced) pixel shuffle DCR',
  'R13 (reduced) max unpool k2s2',
  'transposed decoder',
];

/** Rows that are only checked: gradients under every rule, and what not everybody has. */
export const CHECKS = [
  'bilinear backward 64ch 64×64',
  'bilinear backward align_corners 64ch 64×64',
  'bilinear backward asymmetric 64ch 64×64',
  'nearest backward 64ch 64×64',
  'bicubic 64ch 64×64',
  'convT odd 3→21',
  'convT nnU-Net (reduced) 32→16',
  'tiny max unpool',
  'ResNet stem max pool + indices',
  'tiny pixel shuffle CRD',
];

/** What the page's table has of the bench's columns. */
const KEPT = /^(row|vs (?!own)|ours|tfjs|ORT|first call|error)/;

/** A table that grows by rows. */
export class Table {
  readonly element = element('table', { class: 'proof-table' });
  readonly #head = element('tr');
  readonly #body = element('tbody');

  constructor(caption: string) {
    this.element.append(element('caption', { class: 'unseen' }, caption), element('thead', {}, this.#head), this.#body);
  }

  clear(): void {
    this.#head.replaceChildren();
    this.#body.replaceChildren();
  }

  /** @param wrong which cells are */
  add(titles: readonly string[], texts: readonly string[], wrong: (i: number) => boolean): void {
    this.#head.replaceChildren(...titles.map((title) => element('th', { scope: 'col' }, title)));
    const [name, ...rest] = texts;
    this.#body.append(
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, name!),
        ...rest.map((text, i) =>
          element('td', { class: wrong(i + 1) ? 'wrong' : text.includes('×') && titles[i + 1]!.startsWith('vs ') ? 'factor' : undefined }, text),
        ),
      ),
    );
  }
}

/** Adds a row of times. */
export function addTimes(table: Table, row: Row, report: Report): void {
  const titles = headers(report);
  const kept = titles.flatMap((title, i) => (KEPT.test(title) ? [i] : []));
  const texts = cells(row, report);
  table.add(
    kept.map((i) => titles[i]!),
    kept.map((i) => texts[i]!),
    (i) => texts[kept[i]!]!.startsWith('wrong'),
  );
}

export const NAMES: Readonly<Record<string, string>> = { ours: 'webgpu-upsample', tfjs: 'TensorFlow.js', ort: 'ONNX Runtime' };
const named = (library: string, { versions }: Report) => `${NAMES[library]} ${versions[library]}`;

/** The call of a library that is farthest from the reference, or why there is none. */
const worst = (row: Row, library: string) => {
  const timings = row.timings.filter((t) => t.library === library).toSorted((a, b) => b.error - a.error);
  return timings[0] ?? row.missing[library] ?? 'did not run';
};

/** Adds a row of errors. */
export function addErrors(table: Table, row: Row, report: Report): void {
  const libraries = Object.keys(report.versions);
  const found = libraries.map((library) => worst(row, library));
  table.add(
    ['row', ...libraries.map((library) => named(library, report))],
    [row.name, ...found.map((f) => (typeof f === 'string' ? f : f.wrong ? `wrong by ${f.error.toPrecision(2)}` : tiny(f.error)))],
    (i) => {
      const f = found[i - 1]!;
      return typeof f !== 'string' && f.wrong;
    },
  );
}

/** What a report says about who is right, a sentence a library. */
export function verdicts(report: Report): string[] {
  const { rows, versions } = report;
  return Object.keys(versions).map((library) => {
    const found = rows.map((row) => ({ row, of: worst(row, library) }));
    const wrong = found.flatMap(({ row, of }) =>
      typeof of !== 'string' && of.wrong ? [`${row.name}, by ${of.error.toPrecision(2)} of the largest value`] : [],
    );
    const absent = found.filter(({ of }) => typeof of === 'string').length;
    const right = found.length - wrong.length - absent;
    const parts = [
      `${right} of ${found.length} ${found.length === 1 ? 'row' : 'rows'} right`,
      ...(wrong.length ? [`${wrong.length} wrong (${wrong.join('; ')})`] : []),
      ...(absent ? [`${absent} that it does not have`] : []),
    ];
    const mended = library === 'tfjs' && wrong.length ? ' One call of installKernels, from webgpu-upsample/tfjs, puts that right inside it.' : '';
    return `${named(library, report)}: ${parts.join(', ')}.${mended}`;
  });
}
