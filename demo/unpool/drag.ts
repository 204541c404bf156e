// A cell dragged onto another: their numbers change places. What is dragged little is a click, and stays one.

/** @param host gets `data-dragged` meanwhile
 * @param within what holds the cells
 * @param swap called with both cells */
export function swapping(host: HTMLElement, within: HTMLElement, swap: (from: number, to: number) => void): void {
  const cellOf = (target: EventTarget | null): number | undefined => {
    const cell = target instanceof Element && within.contains(target) ? target.closest<SVGElement>('[data-i]') : null;
    return cell ? Number(cell.dataset['i']) : undefined;
  };
  let from: number | undefined;
  const end = () => {
    from = undefined;
    delete host.dataset['dragged'];
  };
  within.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = cellOf(event.target);
    if (from !== undefined) (event.target as Element).releasePointerCapture(event.pointerId); // touch captures by itself
  });
  within.addEventListener('pointermove', (event) => {
    const over = cellOf(document.elementFromPoint(event.clientX, event.clientY));
    if (from !== undefined && over !== from) host.dataset['dragged'] = String(from);
  });
  addEventListener('pointerup', (event) => {
    const to = cellOf(document.elementFromPoint(event.clientX, event.clientY));
    if (from !== undefined && to !== undefined && to !== from) swap(from, to);
    end();
  });
  addEventListener('pointercancel', end);
}
