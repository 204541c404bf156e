// The test picture: what tells enlargers apart. A zone plate (every frequency), a shaded scene with hair-lines (smooth
// gradients, thin ropes), text, a star and wedges of lines, and flat colours with hard edges.
export const WIDTH = 160;
export const HEIGHT = 120;

type Colour = readonly [number, number, number];
type Pen = CanvasRenderingContext2D;

const mix = (a: Colour, b: Colour, t: number): Colour => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];

/** Fills a rectangle pixel by pixel. */
function shade(pen: Pen, left: number, top: number, width: number, height: number, colour: (x: number, y: number) => Colour): void {
  const image = pen.createImageData(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      image.data.set(colour(x, y), (y * width + x) * 4);
      image.data[(y * width + x) * 4 + 3] = 255;
    }
  pen.putImageData(image, left, top);
}

/** Rings whose frequency grows with the radius, up to one period in two pixels at the edge. */
function zonePlate(pen: Pen, left: number, top: number, size: number): void {
  shade(pen, left, top, size, size, (x, y) => {
    const r2 = (x - size / 2 + 0.5) ** 2 + (y - size / 2 + 0.5) ** 2;
    return mix([24, 26, 34], [246, 241, 230], 0.5 + 0.5 * Math.cos((Math.PI * r2) / size));
  });
}

const SKY_HIGH: Colour = [38, 74, 124];
const SKY_LOW: Colour = [250, 205, 160];
const HILLS: readonly (readonly [level: number, rise: number, phase: number, colour: Colour])[] = [
  [40, 5, 0.5, [126, 122, 148]],
  [48, 6, 2.1, [78, 88, 118]],
  [56, 4, 4.2, [38, 52, 74]],
];

/** An evening with hills, a sun, and a balloon hung on hair-lines. */
function scene(pen: Pen, left: number, top: number, width: number, height: number): void {
  shade(pen, left, top, width, height, (x, y) => {
    let colour = mix(SKY_HIGH, SKY_LOW, Math.min(1, (y / height) ** 1.2 * 1.5));
    const sun = Math.hypot(x - width * 0.24, y - height * 0.56);
    colour = mix([255, 240, 205], colour, sun < 5 ? 0 : Math.min(1, 0.3 + (sun - 5) / 26, sun - 5)); // a disc and its glow
    for (const [level, rise, phase, hill] of HILLS) {
      const edge = level + rise * Math.sin(x / 13 + phase) + (rise / 3) * Math.sin(x / 4.1 + 2 * phase);
      colour = mix(colour, hill, Math.min(1, Math.max(0, y - edge)));
    }
    const [dx, dy] = [(x - width * 0.66) / 14, (y - 20) / 15];
    const d = Math.hypot(dx, dy);
    if (d >= 1.03) return colour;
    const stripe = Math.floor(((Math.asin(Math.max(-1, Math.min(1, dx / Math.sqrt(Math.max(0.02, 1 - dy * dy))))) / Math.PI + 0.5) * 7) | 0) % 2;
    const light = 0.45 + 0.65 * Math.max(0, -0.5 * dx - 0.55 * dy + 0.65 * Math.sqrt(Math.max(0, 1 - d * d)));
    const cloth: Colour = stripe ? [240, 226, 200] : [206, 62, 48];
    return mix([cloth[0] * light, cloth[1] * light, cloth[2] * light], colour, Math.min(1, Math.max(0, (d - 0.97) / 0.06)));
  });
  const x = left + width * 0.66;
  pen.strokeStyle = '#2b2320';
  pen.lineWidth = 0.6;
  for (const at of [-9, -3, 3, 9]) {
    pen.beginPath();
    pen.moveTo(x + at, top + 31);
    pen.lineTo(x + at / 3, top + 43);
    pen.stroke();
  }
  pen.fillStyle = '#7a4a22';
  pen.fillRect(x - 3.5, top + 43, 7, 4);
}

function text(pen: Pen, left: number, top: number, width: number, height: number): void {
  pen.fillStyle = '#fbf7ee';
  pen.fillRect(left, top, width, height);
  pen.fillStyle = '#17181c';
  pen.font = '600 19px Georgia, "DejaVu Serif", serif';
  pen.fillText('Agé&', left + 5, top + 18);
  pen.font = '9px "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';
  pen.fillText('the quick fox', left + 5, top + 30);
  pen.font = '7px "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';
  pen.fillText('0123456789 ×4', left + 5, top + 40);
  const flat = ['#c23b2c', '#e2922f', '#efd04b', '#3f9a6b', '#2f6db3', '#6b4a9c', '#17181c'];
  flat.forEach((colour, i) => {
    pen.fillStyle = colour;
    pen.fillRect(left + 5 + i * 9, top + height - 11, 8, 7);
  });
}

function chart(pen: Pen, left: number, top: number, width: number, height: number): void {
  pen.fillStyle = '#20242c';
  pen.fillRect(left, top, width, height);
  const [cx, cy, r] = [left + 27, top + height / 2, 23];
  pen.fillStyle = '#f3efe4';
  for (let i = 0; i < 18; i++) {
    pen.beginPath();
    pen.moveTo(cx, cy);
    pen.arc(cx, cy, r, (i * Math.PI) / 9, ((i + 0.5) * Math.PI) / 9);
    pen.fill();
  }
  // Line pairs of 3, 2 and 1 pixels.
  let x = left + 55;
  for (const step of [3, 2, 1]) {
    for (let i = 0; i < 2; i++, x += 2 * step) pen.fillRect(x, top + 6, step, 18);
    x += 2;
  }
  pen.strokeStyle = '#f3b65f';
  pen.lineWidth = 1;
  for (let i = 0; i < 7; i++) {
    pen.beginPath();
    pen.moveTo(left + 55, top + height - 5);
    pen.lineTo(left + width - 5, top + height - 5 - i * 3.6);
    pen.stroke();
  }
}

/** Draws it on a canvas of its own. */
export function testPicture(canvas: HTMLCanvasElement): void {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext('2d', { willReadFrequently: true })!;
  zonePlate(pen, 0, 0, 64);
  scene(pen, 64, 0, WIDTH - 64, 64);
  text(pen, 0, 64, 72, HEIGHT - 64);
  chart(pen, 72, 64, WIDTH - 72, HEIGHT - 64);
}
