/** What requests for pixels have in common: which values are meant, and how large an image may be. */
import type { PartSize } from "../area/part_output.ts";
import type { Phases } from "../http/phases.ts";
import { badRequest } from "../http/problem.ts";
import type { ServeLimits } from "../limits.ts";
import type { MosaicParameters } from "../parameters/mosaic.ts";
import type { PartParameters } from "../parameters/part.ts";
import { readingAt } from "../parameters/reading.ts";
import type { GranuleFilter } from "../parameters/search.ts";
import type { Selection } from "../render/selection.ts";
import type { Backend } from "./backends.ts";

interface ValuesRequest {
  readonly query: MosaicParameters;
  readonly signal: AbortSignal;
  readonly phases: Phases;
}

/** The values that a request of a backend means, before it is known of which granules. Throws a 400. */
export function requestedValues(
  { reading, tolerance }: Backend,
  { query, signal, phases }: ValuesRequest,
  filter: GranuleFilter,
): Omit<Selection, "source"> {
  const asked = readingAt(reading(query as never), filter.temporal);
  return { filter, reading: asked, mosaic: query, tolerance, signal, phases };
}

/** The size that a request asks, in its path or its query. Throws a 400 for more than this server makes. */
export function requestedSize(
  { imageSide: most }: ServeLimits,
  query: PartParameters,
  size: { width: number; height: number } | null,
): PartSize {
  const width = size?.width ?? query.width ?? null;
  const height = size?.height ?? query.height ?? null;
  if (Math.max(width ?? 0, height ?? 0) > most) {
    throw badRequest(`an image of ${width} x ${height} pixels (this server makes ${most} x ${most} at most)`);
  }
  return { maxSize: query.max_size ?? null, width, height };
}

/** Throws a 400 for a tile that is larger than this server makes. */
export function checkTileSide({ imageSide: most }: Pick<ServeLimits, "imageSide">, side: number): void {
  if (side <= most) return;
  throw badRequest(`a tile of ${side} x ${side} pixels (this server makes ${most} at most)`);
}
