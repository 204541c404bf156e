// Numbers as the page writes them: a true minus sign, and no more digits than a cell has room for.

/** At most `places` decimals, without trailing zeros: 0.25, −1.5, 3. */
export function short(value: number, places = 2): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value < 0 ? '−∞' : '∞';
  const text = String(Number(value.toFixed(places)));
  return (text === '-0' ? '0' : text).replace('-', '−');
}

/** Two digits and a power of ten for what is tiny: 2.4e-7, and 0 as it is. */
export const tiny = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

/** Reads what a visitor typed; `undefined` for what is no number. */
export function typed(text: string): number | undefined {
  const plain = text.trim().replace('−', '-').replace(',', '.');
  const value = Number(plain);
  return plain !== '' && Number.isFinite(value) ? value : undefined;
}
