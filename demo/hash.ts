// Every panel keeps its values in the address, the panel last touched first: #panel?name=value&…/other?…
// A link shows what its sender saw.

const parse = (): Map<string, string> =>
  new Map(
    location.hash
      .slice(1)
      .split('/')
      .map((part) => part.split('?') as [string, string?])
      .flatMap(([panel, values]) => (panel && values !== undefined ? [[panel, values]] : [])),
  );

const known = parse();
/** What the address says as far as the panels know. */
let told = location.hash;
const readers = new Set<() => void>();
let waiting: number | undefined;

// A link within the page (#panel) changes nobody's values; a whole state that a visitor pastes does.
addEventListener('hashchange', () => {
  told = location.hash;
  const given = parse();
  if (!given.size) return;
  clearTimeout(waiting);
  known.clear();
  for (const [panel, values] of given) known.set(panel, values);
  for (const read of readers) read();
});

/** The panel that the address names first: the one to look at. */
export const firstPanel = (): string => /^#([^?/]*)/.exec(location.hash)?.[1] ?? '';

/** The values that the address has for a panel. */
export const readHash = (panel: string): URLSearchParams => new URLSearchParams(known.get(panel) ?? '');

/** Calls `read` when the visitor gives the page another state. */
export const onHash = (read: () => void): void => {
  readers.add(read);
};

/** Puts a panel's values into the address, without a new entry in the history. Browsers limit how often that may happen. */
export function writeHash(panel: string, values: Readonly<Record<string, string | number>>): void {
  const words = Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const others = [...known].filter(([name]) => name !== panel);
  known.clear();
  for (const [name, text] of [[panel, words.join('&')] as const, ...others]) known.set(name, text);
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    if (location.hash !== told && parse().size) return; // another state was given, and its event is on its way
    history.replaceState(null, '', `#${[...known].map(([name, text]) => `${name}?${text}`).join('/')}`);
    told = location.hash;
  }, 150);
}
