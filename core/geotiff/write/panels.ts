/** How a grid is cut for reading: as much as memory allows, in whole tiles, from the top. */

/** A rectangle of the grid, in cells. Its corner lies on a tile's corner. */
export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Panels in the order of rows of tiles: several whole rows of tiles each or, where one row is too much, parts
 * of one row. A panel is one tile at least, whatever the budget.
 * @param cellBytes bytes of one cell with all of its bands
 */
export function panelsOf(
  width: number,
  height: number,
  tileSize: number,
  cellBytes: number,
  budgetBytes: number,
): Panel[] {
  const panels: Panel[] = [];
  const rowBytes = width * tileSize * cellBytes;
  if (rowBytes <= budgetBytes) {
    const step = Math.floor(budgetBytes / rowBytes) * tileSize;
    for (let y = 0; y < height; y += step) {
      panels.push({ x: 0, y, width, height: Math.min(step, height - y) });
    }
    return panels;
  }
  const tiles = Math.max(1, Math.floor(budgetBytes / (tileSize * tileSize * cellBytes)));
  const step = tiles * tileSize;
  for (let y = 0; y < height; y += tileSize) {
    for (let x = 0; x < width; x += step) {
      panels.push({ x, y, width: Math.min(step, width - x), height: Math.min(tileSize, height - y) });
    }
  }
  return panels;
}
