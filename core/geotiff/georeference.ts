/** The fields by which a GeoTIFF's first image has a place on the Earth. */
import { type GeoKeys, readGeoKeys } from "./geokeys.ts";
import type { TiffImage } from "./image.ts";
import { type Placement, placement } from "./placement.ts";
import { TAG } from "./tags.ts";
import type { TiffFile } from "./tiff_file.ts";

/** Throws a refusal for images that have no place, or lie askew. */
export async function georeference(
  file: TiffFile,
  { width, height }: TiffImage,
  signal?: AbortSignal,
): Promise<{ keys: GeoKeys; place: Placement }> {
  const [first] = file.directories;
  const numbers = (tag: number) => file.numbers(first, tag, signal);
  const keys = readGeoKeys(
    await numbers(TAG.GeoKeyDirectory) ?? [],
    await numbers(TAG.GeoDoubleParams) ?? [],
    await file.text(first, TAG.GeoAsciiParams, signal) ?? "",
  );
  const pixelScale = await numbers(TAG.ModelPixelScale);
  const tiepoints = await numbers(TAG.ModelTiepoint);
  const transformation = await numbers(TAG.ModelTransformation);
  return { keys, place: placement({ pixelScale, tiepoints, transformation, keys }, width, height) };
}
