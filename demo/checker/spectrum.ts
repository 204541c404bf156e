// Power spectra of square pictures whose side is a power of two.

/** The discrete Fourier transform of n numbers from `begin`, `step` apart, in place: Cooley and Tukey's, radix 2. */
function transform(re: Float64Array, im: Float64Array, n: number, begin: number, step: number): void {
  const at = (i: number) => begin + i * step;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    for (const part of [re, im]) [part[at(i)], part[at(j)]] = [part[at(j)]!, part[at(i)]!];
  }
  for (let size = 2; size <= n; size *= 2)
    for (let k = 0; k < size / 2; k++) {
      const [cos, sin] = [Math.cos((2 * Math.PI * k) / size), -Math.sin((2 * Math.PI * k) / size)];
      for (let i = k; i < n; i += size) {
        const [a, b] = [at(i), at(i + size / 2)];
        const [x, y] = [re[b]! * cos - im[b]! * sin, re[b]! * sin + im[b]! * cos];
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
    }
}

/** `|F(u, v)|²` of an n × n picture, row by row, frequency 0 first. */
export function powerOf(picture: ArrayLike<number>, n: number): Float64Array {
  const re = Float64Array.from(picture);
  const im = new Float64Array(n * n);
  for (let r = 0; r < n; r++) transform(re, im, n, r * n, 1);
  for (let c = 0; c < n; c++) transform(re, im, n, c, n);
  return re.map((v, i) => v * v + im[i]! * im[i]!);
}

/** The share of a picture's variation that repeats every `stride` pixels: energy at the multiples of n / stride, over all energy but the mean's. */
export function repeating(power: Float64Array, n: number, stride: number): number {
  const all = power.reduce((a, b) => a + b, 0) - power[0]!;
  let there = 0;
  for (let u = 0; u < n; u += n / stride) for (let v = 0; v < n; v += n / stride) there += power[u * n + v]!;
  return (there - power[0]!) / all;
}

/** The spectrum as it is drawn: logarithmic over five powers of ten, frequency 0 moved from the corner to a quarter, so that half a turn lies at three. */
export function drawnPower(power: Float64Array, n: number): Float64Array {
  const most = power.reduce((a, b, i) => (i ? Math.max(a, b) : a), 0);
  const shown = (i: number) => (i && power[i]! > 0 ? Math.max(0, 1 + Math.log10(power[i]! / most) / 5) : 0);
  const from = (i: number) => (i + (3 * n) / 4) % n;
  return Float64Array.from({ length: n * n }, (_, i) => shown(from(Math.floor(i / n)) * n + from(i % n)));
}
