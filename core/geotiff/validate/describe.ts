/** What a TIFF holds and how it is laid out, for people and programs. */
import type { Source } from "../../access/source.ts";
import { inputError } from "../../errors.ts";
import type { Grid } from "../../raster/grid.ts";
import { compressionName, TAG } from "../tags.ts";
import { metadataItems } from "../gdal_metadata.ts";
import { openGeotiff } from "../open.ts";
import { Refusal } from "../refusal.ts";
import { type CogImage, type CogStructure, readCogStructure } from "./structure.ts";

interface ImageDescription {
  /** `image`, `overview` or `mask`. */
  readonly role: string;
  readonly width: number;
  readonly height: number;
  readonly block_width: number;
  readonly block_height: number;
  readonly blocks: number;
  readonly tiled: boolean;
  readonly compression: string;
  readonly predictor: number;
  readonly directory_offset: number;
  /** Null where no block is stored. */
  readonly first_block: number | null;
}

export interface TiffDescription {
  readonly size_bytes: number;
  readonly big_tiff: boolean;
  readonly byte_order: "little" | "big";
  /** Whether the bands of a cell lie side by side. */
  readonly interleave: "pixel" | "band";
  readonly images: readonly ImageDescription[];
  /** Images that are neither overviews nor masks of the first. */
  readonly pages: number;
  /** GDAL's words on the layout, by name; null where the file has none. */
  readonly layout: Readonly<Record<string, string>> | null;
  /** GDAL's items of the whole file, by name. */
  readonly tags: Readonly<Record<string, string>>;
  readonly grid: Grid | null;
  /** Why it is no grid. */
  readonly refused: string | null;
}

/**
 * Reads the structure and the grid's facts, no cell. Throws for bytes that are no TIFF, a damaged one, and an
 * image of a kind that nothing here describes.
 */
export async function describeTiff(source: Source, signal?: AbortSignal): Promise<TiffDescription> {
  const { file, main, overviews, masks, pages } = await structureOf(source, signal);
  const opened = await openGeotiff(source, source.name, { signal });
  const xml = await file.text(main.image.directory, TAG.GdalMetadata, signal);
  return {
    size_bytes: source.sizeBytes,
    big_tiff: file.bigTiff,
    byte_order: file.littleEndian ? "little" : "big",
    interleave: main.image.separate ? "band" : "pixel",
    images: [
      describe("image", main),
      ...overviews.map((each) => describe("overview", each)),
      ...masks.map((each) => describe("mask", each)),
    ],
    pages,
    layout: layoutWords(file.layoutText),
    tags: Object.fromEntries(
      (xml === null ? [] : metadataItems(xml)).filter(({ sample }) => sample === null)
        .map(({ name, value }) => [name, value]),
    ),
    grid: opened.grids[0] ?? null,
    refused: opened.refused[0]?.reason ?? null,
  };
}

async function structureOf(source: Source, signal?: AbortSignal): Promise<CogStructure> {
  try {
    return await readCogStructure(source, signal);
  } catch (error) {
    if (error instanceof Refusal) {
      throw inputError(`${source.name}: ${error.message}`, { rule: error.rule });
    }
    throw error;
  }
}

function describe(role: string, { image, directoryOffset, firstBlock }: CogImage): ImageDescription {
  return {
    role,
    width: image.width,
    height: image.height,
    block_width: image.blockWidth,
    block_height: image.blockHeight,
    blocks: image.across * image.down * (image.separate ? image.samples : 1),
    tiled: image.tiled,
    compression: compressionName(image.compression),
    predictor: image.predictor,
    directory_offset: directoryOffset,
    first_block: firstBlock === 0 ? null : firstBlock,
  };
}

/** `NAME=VALUE` lines behind the first, which tells the length. */
function layoutWords(text: string | null): Record<string, string> | null {
  if (text === null) return null;
  const lines = text.split("\n").slice(1).map((line) => line.trim().split("="));
  return Object.fromEntries(lines.filter(([name, value]) => name !== "" && value !== undefined));
}
