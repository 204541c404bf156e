// Pictures to learn from, drawn here: nothing is downloaded. The seed of `random` decides every picture, so two seeds are two data sets.
import type { Random } from '../../src/nn/index.ts';

type Point = readonly [x: number, y: number];

/** Points of an ellipse's arc; angles in quarter turns, clockwise from the right. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  const steps = Math.ceil(Math.abs(to - from) * 4);
  return Array.from({ length: steps + 1 }, (_, i): Point => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 2;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}

/** Strokes of the ten digits, in a square of side 1 with y downwards. */
const DIGITS: readonly (readonly Point[])[][] = [
  [arc(0.5, 0.5, 0.19, 0.33, 0, 4)],
  [
    [
      [0.36, 0.32],
      [0.54, 0.17],
      [0.54, 0.83],
    ],
  ],
  [[...arc(0.5, 0.35, 0.19, 0.18, -2, 0.4), [0.31, 0.83], [0.71, 0.83]]],
  [[...arc(0.48, 0.33, 0.18, 0.16, -1.8, 1), ...arc(0.48, 0.66, 0.2, 0.17, -1, 1.8)]],
  [
    [
      [0.62, 0.83],
      [0.62, 0.17],
      [0.29, 0.62],
      [0.74, 0.62],
    ],
  ],
  [[[0.68, 0.17], [0.38, 0.17], [0.35, 0.46], ...arc(0.49, 0.62, 0.2, 0.2, -1.4, 1.7)]],
  [[[0.62, 0.17], [0.42, 0.36], ...arc(0.5, 0.63, 0.19, 0.2, -2.2, 2)]],
  [
    [
      [0.3, 0.17],
      [0.7, 0.17],
      [0.45, 0.83],
    ],
  ],
  [arc(0.5, 0.33, 0.16, 0.16, 0, 4), arc(0.5, 0.66, 0.19, 0.17, 0, 4)],
  [[...arc(0.5, 0.36, 0.18, 0.19, 0, 4), [0.66, 0.6], [0.56, 0.83]]],
];

const between = (random: Random, low: number, high: number) => low + (high - low) * random.uniform();
const clamped = (v: number) => Math.min(Math.max(v, 0), 1);

/** Distance from a point to a segment. */
function distance([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = clamped(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1));
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}

/** Handwriting: each digit turned, sheared, moved and drawn with a pen of its own.
 * @returns pictures [count, 1, size, size] from 0 to 1, and which digit each shows */
export function digits(random: Random, count: number, size = 28): { x: Float32Array; labels: Uint32Array } {
  const x = new Float32Array(count * size * size);
  const labels = new Uint32Array(count);
  for (let n = 0; n < count; n++) {
    const digit = (labels[n] = random.bits() % 10);
    const turn = between(random, -0.2, 0.2);
    const shear = between(random, -0.2, 0.2);
    const [sx, sy] = [between(random, 0.85, 1.15), between(random, 0.85, 1.1)];
    const [mx, my] = [between(random, 0.45, 0.55), between(random, 0.46, 0.54)];
    const pen = between(random, 0.035, 0.07);
    const place = ([u, v]: Point): Point => {
      const [a, b] = [(u - 0.5 + shear * (0.5 - v)) * sx, (v - 0.5) * sy];
      return [mx + a * Math.cos(turn) - b * Math.sin(turn), my + a * Math.sin(turn) + b * Math.cos(turn)];
    };
    const strokes = DIGITS[digit]!.map((line) => line.map(place));
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const at: Point = [(j + 0.5) / size, (i + 0.5) / size];
        let near = Number.POSITIVE_INFINITY;
        for (const line of strokes) for (let k = 1; k < line.length; k++) near = Math.min(near, distance(at, line[k - 1]!, line[k]!));
        x[(n * size + i) * size + j] = clamped(0.5 + (pen - near) * size);
      }
  }
  return { x, labels };
}

/** What `shapes` draws; 0 is the ground. */
export const CLASSES = ['ground', 'disc', 'square', 'triangle', 'ring'] as const;

/** How far inside a shape of radius 1 a point lies; negative outside. */
const INSIDE: readonly ((u: number, v: number) => number)[] = [
  () => 0,
  (u, v) => 1 - Math.hypot(u, v),
  (u, v) => 0.85 - Math.max(Math.abs(u), Math.abs(v)),
  (u, v) => Math.min(0.55 - v, 0.55 + v / 2 - Math.abs(u) * 0.866),
  (u, v) => 0.24 - Math.abs(Math.hypot(u, v) - 0.76),
];

/** Scenes to take apart: one to three shapes of any tone on a ground with grain, so that only form tells them apart.
 * @returns pictures [count, 1, size, size] from 0 to 1, and the class of every pixel [count, size, size] */
export function shapes(random: Random, count: number, size = 32): { x: Float32Array; classes: Uint32Array } {
  const x = new Float32Array(count * size * size);
  const classes = new Uint32Array(count * size * size);
  for (let n = 0; n < count; n++) {
    const ground = between(random, 0, 1);
    const grain = between(random, 0, 0.08);
    const plane = x.subarray(n * size * size, (n + 1) * size * size);
    const map = classes.subarray(n * size * size, (n + 1) * size * size);
    plane.fill(ground);
    for (let shape = 1 + (random.bits() % 3); shape > 0; shape--) {
      const kind = 1 + (random.bits() % 4);
      const tone = (ground + between(random, 0.3, 0.7)) % 1;
      const radius = between(random, 0.14, 0.26) * size;
      const [cx, cy] = [between(random, 0.2, 0.8) * size, between(random, 0.2, 0.8) * size];
      const turn = between(random, -Math.PI, Math.PI);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          const [a, b] = [(j + 0.5 - cx) / radius, (i + 0.5 - cy) / radius];
          const inside = INSIDE[kind]!(a * Math.cos(turn) - b * Math.sin(turn), a * Math.sin(turn) + b * Math.cos(turn)) * radius;
          const cover = clamped(0.5 + inside);
          plane[i * size + j]! += cover * (tone - plane[i * size + j]!);
          if (inside > 0) map[i * size + j] = kind;
        }
    }
    for (let i = 0; i < plane.length; i++) plane[i] = clamped(plane[i]! + grain * random.normal());
  }
  return { x, classes };
}

/** Coloured pictures with edges, curves and fine lines: what enlarging loses.
 * @returns [count, 3, size, size] from 0 to 1 */
export function pictures(random: Random, count: number, size = 48): Float32Array {
  const x = new Float32Array(count * 3 * size * size);
  const colour = () => [random.uniform(), random.uniform(), random.uniform()] as const;
  for (let n = 0; n < count; n++) {
    const [from, to] = [colour(), colour()];
    const slope = between(random, 0, 2 * Math.PI);
    const things = Array.from({ length: 6 }, () => ({
      kind: random.bits() % 3,
      colour: colour(),
      at: [between(random, 0, size), between(random, 0, size)] as Point,
      radius: between(random, 0.08, 0.35) * size,
      turn: between(random, 0, Math.PI),
      period: between(random, 2.5, 7),
    }));
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const t = clamped(0.5 + ((j - size / 2) * Math.cos(slope) + (i - size / 2) * Math.sin(slope)) / size);
        const pixel = from.map((f, c) => f + t * (to[c]! - f));
        for (const { kind, colour, at, radius, turn, period } of things) {
          const [u, v] = [j + 0.5 - at[0], i + 0.5 - at[1]];
          const [a, b] = [u * Math.cos(turn) - v * Math.sin(turn), u * Math.sin(turn) + v * Math.cos(turn)];
          const disc = radius - Math.hypot(u, v);
          let cover = clamped(0.5 + disc);
          if (kind === 1) cover = clamped(0.5 + radius - Math.max(Math.abs(a), Math.abs(b)));
          if (kind === 2) cover *= clamped(0.5 + (period / 4 - Math.abs((((a % period) + period) % period) - period / 2)));
          colour.forEach((k, c) => {
            pixel[c]! += cover * (k - pixel[c]!);
          });
        }
        pixel.forEach((v, c) => {
          x[((n * 3 + c) * size + i) * size + j] = v;
        });
      }
  }
  return x;
}
