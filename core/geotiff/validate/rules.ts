/**
 * The rules of a cloud-optimized GeoTIFF: those that rio-cogeo's validation checks, and what GDAL's own asks
 * beyond (validate_cloud_optimized_geotiff: the exact place of the first directory, sizes of overviews).
 */
import type { CogImage, CogStructure } from "./structure.ts";

export interface CogFault {
  /** The rule's short name. */
  readonly rule: string;
  readonly message: string;
}

interface CogFaults {
  /** What makes the file no COG. */
  readonly errors: readonly CogFault[];
  /** What should be better. */
  readonly warnings: readonly CogFault[];
}

/** Images up to this wide and high need neither tiles nor overviews. */
const SMALL_SIDE = 512;
/** The first directory lies before this byte. */
const FIRST_DIRECTORY_END = 300;

/** Faults of the layout. `externalOverviews`: whether a file of overviews lies beside this one. */
export function cogFaults(structure: CogStructure, externalOverviews: boolean): CogFaults {
  const { file: { layoutText }, main, overviews } = structure;
  const errors: CogFault[] = [];
  const warnings: CogFault[] = [];
  const error = (rule: string, message: string) => errors.push({ rule, message });
  if (externalOverviews) error("external-overviews", "its overviews lie in another file, .ovr");
  if (isLarge(main)) {
    if (isInStrips(main)) error("not-tiled", `it is ${sizeOf(main)} and not tiled`);
    if (overviews.length === 0) {
      warnings.push({ rule: "no-overviews", message: `it is ${sizeOf(main)} and has no overviews` });
    }
  }
  if (main.directoryOffset > FIRST_DIRECTORY_END) {
    error(
      "directory-far",
      `its first directory lies at byte ${main.directoryOffset} (wanted ${FIRST_DIRECTORY_END} or less)`,
    );
  }
  if (layoutText?.includes("KNOWN_INCOMPATIBLE_EDITION=YES")) {
    error("edited", "it was cloud-optimized once, and was changed since, as it says itself");
  }
  overviewFaults(main, overviews, error);
  directoryFaults(main, overviews, error);
  blockFaults(main, overviews, error);
  return { errors, warnings };
}

/** What GDAL asks of the place of the first directory and of the sizes of overviews. */
export function placeFaults({ file, main, overviews }: CogStructure): CogFault[] {
  const faults: CogFault[] = [];
  const wanted = firstDirectoryPlace(file.bigTiff, file.layoutText);
  if (main.directoryOffset !== wanted && main.directoryOffset !== 8 && main.directoryOffset !== 16) {
    faults.push({
      rule: "directory-place",
      message:
        `its first directory lies at byte ${main.directoryOffset}, and not at ${wanted}, behind the header`,
    });
  }
  let [width, height] = [main.image.width, main.image.height];
  for (const [index, { image }] of overviews.entries()) {
    if (image.width > width || image.height > height) {
      faults.push({
        rule: "overview-size",
        message: `overview ${index} is ${image.width} x ${image.height}, larger than the level before it`,
      });
    }
    [width, height] = [image.width, image.height];
  }
  return faults;
}

function firstDirectoryPlace(bigTiff: boolean, layoutText: string | null): number {
  const end = (bigTiff ? 16 : 8) + (layoutText === null ? 0 : new TextEncoder().encode(layoutText).length);
  return end + end % 2;
}

type Report = (rule: string, message: string) => void;

function overviewFaults(main: CogImage, overviews: readonly CogImage[], error: Report): void {
  let last = 0;
  for (const [index, overview] of overviews.entries()) {
    if (isLarge(overview) && isInStrips(overview)) {
      error("not-tiled", `overview ${index} is ${sizeOf(overview)} and not tiled`);
    }
    const factor = Math.round(main.image.width / overview.image.width);
    if (factor <= 1) error("overview-factor", `overview ${index} is as large as the image`);
    if (factor < last) {
      error(
        "overview-order",
        `overview ${index} is finer than the one before it (factor ${factor}, not over ${last})`,
      );
    }
    last = factor;
  }
}

/** Directories follow each other from the finest to the coarsest. */
function directoryFaults(main: CogImage, overviews: readonly CogImage[], error: Report): void {
  let [before, called] = [main.directoryOffset, "the image"];
  for (const [index, { directoryOffset }] of overviews.entries()) {
    if (directoryOffset < before) {
      error(
        "directory-order",
        `the directory of overview ${index} lies at byte ${directoryOffset}, before that of ${called} at ${before}`,
      );
    }
    [before, called] = [directoryOffset, `overview ${index}`];
  }
}

/** Blocks of the coarsest overview come first, behind all directories; the image's own last. */
function blockFaults(main: CogImage, overviews: readonly CogImage[], error: Report): void {
  const coarsest = overviews.at(-1) ?? main;
  const levels = [
    { called: "the image", firstBlock: main.firstBlock },
    ...overviews.map(({ firstBlock }, index) => ({ called: `overview ${index}`, firstBlock })),
  ].filter(({ firstBlock }) => firstBlock > 0);
  const last = levels.at(-1);
  if (last === undefined) return;
  if (last.firstBlock < coarsest.directoryOffset) {
    error(
      "data-before-directory",
      `the first block of ${last.called} lies at byte ${last.firstBlock}, before the last directory at ` +
        `${coarsest.directoryOffset}`,
    );
  }
  for (let i = levels.length - 2; i >= 0; i--) {
    const [fine, coarse] = [levels[i], levels[i + 1]];
    if (fine.firstBlock < coarse.firstBlock) {
      error(
        "data-order",
        `the first block of ${fine.called} lies at byte ${fine.firstBlock}, before that of ${coarse.called} at ` +
          `${coarse.firstBlock}`,
      );
    }
  }
}

function isLarge({ image }: CogImage): boolean {
  return image.width > SMALL_SIDE || image.height > SMALL_SIDE;
}

/** A block as wide as the image is a strip, whatever the file calls it. */
function isInStrips({ image }: CogImage): boolean {
  return image.blockWidth === image.width;
}

function sizeOf({ image }: CogImage): string {
  return `${image.width} x ${image.height}`;
}
