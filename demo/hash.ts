// The state of the panel last touched lives in the address: #panel?name=value&…, so that a link shows what its sender saw.

/** The values that the address has for a panel. */
export function readHash(panel: string): URLSearchParams {
  const [name, values] = location.hash.slice(1).split('?');
  return new URLSearchParams(name === panel ? values : '');
}

let waiting: number | undefined;

/** Puts a panel's values into the address, without a new entry in the history. Browsers limit how often that may happen. */
export function writeHash(panel: string, values: Readonly<Record<string, string | number>>): void {
  clearTimeout(waiting);
  const words = Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  waiting = window.setTimeout(() => history.replaceState(null, '', `#${panel}?${words.join('&')}`), 150);
}
