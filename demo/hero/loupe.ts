/** Source pixels that the loupe shows in each direction from the middle one. */
const REACH = 4;
const CELLS = 2 * REACH + 1;

/** Draws the neighbourhood of a source pixel, and returns its red, green and blue. */
export function drawLoupe(canvas: HTMLCanvasElement, picture: HTMLCanvasElement, x: number, y: number): readonly [number, number, number] {
  const cell = 20;
  const size = CELLS * cell + 1;
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const pen = canvas.getContext('2d')!;
  pen.imageSmoothingEnabled = false;
  pen.clearRect(0, 0, size, size);
  pen.drawImage(picture, x - REACH, y - REACH, CELLS, CELLS, 0, 0, CELLS * cell, CELLS * cell);
  pen.strokeStyle = 'rgb(128 128 128 / 35%)';
  pen.lineWidth = 1;
  pen.beginPath();
  for (let i = 0; i <= CELLS; i++) {
    pen.moveTo(i * cell + 0.5, 0);
    pen.lineTo(i * cell + 0.5, size);
    pen.moveTo(0, i * cell + 0.5);
    pen.lineTo(size, i * cell + 0.5);
  }
  pen.stroke();
  for (const [style, inset] of [
    ['#000', 0],
    ['#fff', 1.5],
  ] as const) {
    pen.strokeStyle = style;
    pen.lineWidth = 1.5;
    pen.strokeRect(REACH * cell + 0.5 + inset, REACH * cell + 0.5 + inset, cell - 2 * inset, cell - 2 * inset);
  }
  const [r, g, b] = picture.getContext('2d')!.getImageData(x, y, 1, 1).data as unknown as [number, number, number];
  return [r, g, b];
}
