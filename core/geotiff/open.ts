/** A GeoTIFF, cloud-optimized or not, as a grid. */
import { HeaderGrid } from "../raster/header_grid.ts";
import type { Source } from "../access/source.ts";
import { GranaryError } from "../errors.ts";
import type {
  Crs,
  Grid,
  GridBand,
  GridFile,
  GridHeader,
  GridLevel,
  GridWindow,
  WindowRequest,
} from "../raster/grid.ts";
import { beyondDegrees } from "../raster/degree_range.ts";
import { crsNote } from "../raster/crs/codes.ts";
import { readableImage } from "./blocks.ts";
import { type DecodeBlock, decodeBlock } from "./decode/decode_block.ts";
import { bandMetadata, metadataItems, nodataValue } from "./gdal_metadata.ts";
import { crsOfGeoKeys, KEY, PIXEL_IS_POINT } from "./geokeys.ts";
import { georeference } from "./georeference.ts";
import { blockLayout, describeImage, type TiffImage } from "./image.ts";
import { readRectangle, type SampleRoles, type TiffLevel } from "./level.ts";
import type { Placement } from "./placement.ts";
import { Refusal } from "./refusal.ts";
import { MASK, PHOTOMETRIC, REDUCED, TAG } from "./tags.ts";
import { TiffFile } from "./tiff_file.ts";

interface GeotiffOptions {
  /** In place of the file's own, where that is missing or wrong. */
  readonly crs?: Crs | undefined;
  /** How blocks are decoded; on this thread unless given. */
  readonly decode?: DecodeBlock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a GeoTIFF as one grid: its bands, its own overviews as levels, its mask or alpha band as the mask. An
 * image that is whole and cannot be read as a grid (rotated, without a place, of complex numbers, …) is
 * refused, with the rule. Further pages are passed over, with a note. `name` is for messages; closing closes
 * the source.
 *
 * Opening a cloud-optimized file reads its front once; a window then costs the blocks that it touches, and
 * one read before for their places where the front did not hold them.
 *
 * Throws for bytes that are no TIFF, or a damaged one.
 */
export async function openGeotiff(
  source: Source,
  name: string,
  options: GeotiffOptions = {},
): Promise<GridFile> {
  const file = await TiffFile.open(source, options.signal);
  const close = () => source.close();
  try {
    return { name, grids: [await openGrid(file, options)], refused: [], close };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return { name, grids: [], refused: [{ name: "", rule: refusal.rule, reason: refusal.message }], close };
  }
}

/** Systems that are not understood refuse the file; all else is an error of its own. */
function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  return error instanceof GranaryError && error.tag === "input" ? new Refusal("no-crs", error.message) : null;
}

async function openGrid(file: TiffFile, { crs: given, decode, signal }: GeotiffOptions): Promise<Grid> {
  const [first] = file.directories;
  const image = await describeImage(file, first, signal);
  const layout = await blockLayout(file, image, signal);
  const { keys, place } = await georeference(file, image, signal);
  const crs = given ?? crsOfGeoKeys(keys);
  const beyond = crs.geographic ? beyondDegrees(place.affine, image.width, image.height) : null;
  if (beyond !== null) throw new Refusal("no-crs", beyond);
  const { nodata, note } = nodataValue(await file.text(first, TAG.GdalNodata, signal), layout.dtype);
  const roles = sampleRoles(image);
  const bands = bandsOf(image, roles, await file.text(first, TAG.GdalMetadata, signal));
  const main = readableImage(file, image, layout);
  const others = await otherImages(file, signal);
  const { levels, pages } = await pyramid(file, main, others, signal);
  const notes = [
    given === undefined ? crsNote(crs) : null,
    keys.get(KEY.RasterType) === PIXEL_IS_POINT ? "its coordinates are those of cells' centres" : null,
    note,
    pages > 0 ? `${pages} further images of the file are passed over` : null,
  ].filter((text) => text !== null);
  const colourTable = await coloursOf(file, image, signal);
  return new GeotiffGrid(
    levels,
    roles,
    place,
    { crs, nodata, bands, colourTable, notes },
    decode ?? decodeBlock,
  );
}

/** The colours of an image whose values are numbers of colours; null for others. */
async function coloursOf(file: TiffFile, image: TiffImage, signal?: AbortSignal): Promise<number[] | null> {
  if (image.photometric !== PHOTOMETRIC.palette || image.samples !== 1) return null;
  const colours = await file.numbers(file.directories[0], TAG.ColorMap, signal);
  return colours?.length === 3 * 2 ** image.bits ? colours : null;
}

/** Of ExtraSamples: colours multiplied with alpha, and not. */
const ALPHA = [1, 2];

/** The last alpha sample says what is seen; all others are bands. */
function sampleRoles({ samples, extraSamples }: TiffImage): SampleRoles {
  const colours = samples - extraSamples.length;
  const at = extraSamples.findLastIndex((meaning) => ALPHA.includes(meaning));
  const alpha = at < 0 || colours < 1 ? -1 : colours + at;
  const all = Array.from({ length: samples }, (_, sample) => sample);
  return { bands: all.filter((sample) => sample !== alpha), alpha };
}

function bandsOf(image: TiffImage, { bands }: SampleRoles, xml: string | null): GridBand[] {
  const metadata = bandMetadata(xml === null ? [] : metadataItems(xml), image.samples);
  const picture = image.samples >= 3 &&
    (image.photometric === PHOTOMETRIC.rgb || image.photometric === PHOTOMETRIC.ycbcr);
  return bands.map((sample, i) => ({
    name: picture && sample < 3 ? ["red", "green", "blue"][sample] : `b${i + 1}`,
    ...metadata[sample],
    time: null,
  }));
}

/** The images after the first. Those that cannot be understood are no overviews of it. */
async function otherImages(file: TiffFile, signal?: AbortSignal): Promise<TiffImage[]> {
  const images: TiffImage[] = [];
  for (const directory of file.directories.slice(1)) {
    try {
      images.push(await describeImage(file, directory, signal));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return images;
}

/** The image, then its overviews from fine to coarse, each with the mask of its size. */
async function pyramid(
  file: TiffFile,
  main: TiffLevel["main"],
  others: readonly TiffImage[],
  signal?: AbortSignal,
): Promise<{ levels: TiffLevel[]; pages: number }> {
  const { image } = main;
  const overviews = others.filter((other) =>
    (other.subfileType & REDUCED) !== 0 && (other.subfileType & MASK) === 0 &&
    other.samples === image.samples && other.bits === image.bits && other.format === image.format &&
    other.width <= image.width && other.height <= image.height &&
    other.width * other.height < image.width * image.height
  ).sort((a, b) => b.width - a.width || b.height - a.height);
  const masks = others.filter((other) => (other.subfileType & MASK) !== 0 && other.samples === 1);
  const readable = async (other: TiffImage) =>
    readableImage(file, other, await blockLayout(file, other, signal));
  const levels: TiffLevel[] = [];
  for (const each of [image, ...overviews]) {
    const mask = masks.find((other) => other.width === each.width && other.height === each.height);
    levels.push({
      main: each === image ? main : await readable(each),
      mask: mask === undefined ? null : await readable(mask),
    });
  }
  const pages = file.directories.length - 1 - others.length +
    others.filter((other) => !overviews.includes(other) && !masks.includes(other)).length;
  return { levels, pages };
}

class GeotiffGrid extends HeaderGrid {
  readonly #levels: readonly TiffLevel[];
  readonly #roles: SampleRoles;
  readonly #place: Placement;
  readonly #decode: DecodeBlock;

  constructor(
    levels: readonly TiffLevel[],
    roles: SampleRoles,
    place: Placement,
    header: Pick<GridHeader, "crs" | "nodata" | "bands" | "colourTable" | "notes">,
    decode: DecodeBlock,
  ) {
    const [{ main }] = levels;
    super({
      ...header,
      name: "",
      width: main.image.width,
      height: main.image.height,
      affine: place.affine,
      dtype: main.layout.dtype,
      levels: levels.map(({ main: { image } }) => ({
        width: image.width,
        height: image.height,
        blockWidth: image.blockWidth,
        blockHeight: image.blockHeight,
      })),
    });
    this.#levels = levels;
    this.#roles = roles;
    this.#place = place;
    this.#decode = decode;
  }

  async readWindow(request: WindowRequest, signal?: AbortSignal): Promise<GridWindow> {
    const { level, x, y, width, height } = request;
    const bands = request.bands ?? this.bands.map((_, i) => i);
    const { width: columns, height: rows } = this.#size(level);
    const inside = [x, y, width, height].every((each) => Number.isInteger(each) && each >= 0) &&
      x + width <= columns && y + height <= rows;
    if (!inside) {
      throw new RangeError(
        `window ${x}, ${y}, ${width} x ${height} is not in a level of ${columns} x ${rows}`,
      );
    }
    const wrong = bands.find((band) => !Number.isInteger(band) || band < 0 || band >= this.bands.length);
    if (wrong !== undefined) throw new RangeError(`band ${wrong} is not one of ${this.bands.length}`);
    const { flipRows, flipColumns } = this.#place;
    const window = await readRectangle(
      this.#levels[level],
      { x: flipColumns ? columns - x - width : x, y: flipRows ? rows - y - height : y, width, height },
      bands.map((band) => this.#roles.bands[band]),
      this.#roles.alpha,
      this.nodata,
      this.#decode,
      signal,
      request.into,
    );
    for (const plane of window.mask === null ? window.bands : [...window.bands, window.mask]) {
      if (flipRows) reverseRows(plane, width, height);
      if (flipColumns) {
        for (let row = 0; row < height; row++) plane.subarray(row * width, (row + 1) * width).reverse();
      }
    }
    return window;
  }

  #size(level: number): GridLevel {
    const found = this.levels[level];
    if (found === undefined) throw new RangeError(`level ${level} is not one of ${this.levels.length}`);
    return found;
  }
}

function reverseRows(plane: GridWindow["bands"][number], width: number, height: number): void {
  for (let upper = 0, lower = height - 1; upper < lower; upper++, lower--) {
    const kept = plane.slice(upper * width, (upper + 1) * width);
    plane.copyWithin(upper * width, lower * width, (lower + 1) * width);
    plane.set(kept, lower * width);
  }
}
