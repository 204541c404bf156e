// What axe-core has to say about accessibility.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';

const axe = await readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** Each violated rule, with the elements that violate it. On the whole page it takes seconds. */
export async function violations(page: Page, within = 'html'): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async (within) => {
    const { axe } = globalThis as unknown as { axe: { run(within: string): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await axe.run(within)).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`);
  }, within);
}
