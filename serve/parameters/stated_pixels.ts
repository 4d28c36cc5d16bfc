/** How many pixels a request asks for, as far as it says so. */

interface Stated {
  readonly width?: number | null;
  readonly height?: number | null;
  readonly max_size?: number | null;
  readonly tilesize?: number | null;
}

/** Pixels of the output that a path and a query ask for; `otherwise` where they leave its size to the server. */
export function statedPixels({ path, query }: { path: unknown; query: unknown }, otherwise: number): number {
  const { width, height, max_size, tilesize }: Stated = { ...query as Stated, ...path as Stated };
  if (typeof tilesize === "number") return tilesize ** 2;
  if (typeof width === "number" && typeof height === "number") return width * height;
  return typeof max_size === "number" ? max_size ** 2 : otherwise;
}
