/**
 * What every reader of answers makes of one granule: a row without its footprint's columns, and the
 * footprint as the source states it. {@linkcode finishRow} joins the two by way of a `Footprinter`.
 */
import { GranaryError } from "../../../core/errors.ts";
import type { GranuleRow } from "../../granule.ts";
import { rowProblem } from "../../check_row.ts";
import type { BoundingBox } from "../../../core/geometry/box.ts";
import type { JsonObject } from "../../../core/json_value.ts";
import { type DataFile, locate, type Locations } from "./assets.ts";
import type { EdgeRule, Extent } from "../../footprint/extent.ts";
import type { OrbitParameters } from "../../../products/orbits.ts";
import { bucketOf, credentialsOfBucket, EARTHDATA_REGION } from "../../../products/s3_buckets.ts";
import { printable, type Tally } from "./tally.ts";
import { collectionName } from "../../../products/collection_names.ts";

/** The columns that follow from the footprint. */
export interface Footprint {
  geometry: Uint8Array | null;
  bbox: BoundingBox | null;
  cell_order: number;
  cells: BigUint64Array;
}

/**
 * Geometry and cells of a stated extent; null is a granule whose footprint is unknown. `note` hears what
 * of the extent was not taken as it was stated.
 */
export type Footprinter = (extent: Extent | null, note?: (reason: string) => void) => Footprint;

export interface Draft {
  row: Omit<GranuleRow, keyof Footprint>;
  extent: Extent | null;
  /** The footprint that stands as it is, and is not made of the extent. */
  footprint?: Footprint | undefined;
}

/** What is known of a collection beside its granules; every part may be missing. */
export interface CollectionFacts {
  conceptId: string;
  /** `ATL06.006`, when the collection has a short name. */
  name: string | null;
  edges: EdgeRule;
  orbit: OrbitParameters | null;
  s3Credentials: string | null;
  s3Region: string | null;
  /** Times of all its granules, as its record has them. */
  times: readonly JsonObject[];
}

/** What a reader of one answer is given. */
export interface ReadContext {
  tally: Tally;
  /** Facts of a collection by its concept id, when they were asked for. */
  collection?: (conceptId: string) => CollectionFacts | null;
  /** Orbit parameters that the user states for granules of unknown missions. */
  orbit?: OrbitParameters | null;
}

/**
 * The row of a draft. A draft without an extent has no geometry and no cells, and one whose extent cannot be
 * placed neither, with a note. Null for what is no row of a catalog, which the tally names.
 */
export function finishRow(draft: Draft, footprinter: Footprinter, tally: Tally): GranuleRow | null {
  const { id } = draft.row;
  const note = (reason: string) => tally.add("note", reason, printable(id));
  const named = { ...draft.row, collection: collectionName(draft.row.collection) };
  let row: GranuleRow;
  try {
    row = {
      ...named,
      ...draft.footprint === undefined
        ? footprinter(draft.extent, note)
        : noFinerThan(draft.footprint, footprinter(null).cell_order),
    };
  } catch (error) {
    if (!(error instanceof GranaryError) || error.tag !== "input") throw error;
    note(`footprint unknown: ${error.message}`);
    row = { ...named, ...footprinter(null) };
  }
  const problem = rowProblem(row);
  if (problem === undefined) return row;
  tally.add("granule", problem, printable(id));
  return null;
}

/** A footprint in the cells of `order`, unless its own are coarser. */
function noFinerThan(footprint: Footprint, order: number): Footprint {
  if (footprint.cell_order <= order) return footprint;
  const shift = BigInt(2 * (footprint.cell_order - order));
  const cells = BigUint64Array.from(new Set(footprint.cells.map((cell) => cell >> shift)));
  return { ...footprint, cell_order: order, cells };
}

/**
 * Why an id, a collection or a provider cannot be used, or null: they become folders of mirrors and
 * lines of tables, so they hold no control characters and climb nowhere.
 */
function nameProblem(name: string): string | null {
  if (name.length > LONGEST_NAME) return `longer than ${LONGEST_NAME} characters`;
  if (printable(name) !== name) return "with control characters";
  if (name.split(/[/\\]/).some((segment) => segment === ".." || segment === ".")) {
    return "that climbs out of a folder";
  }
  return name.trim() === "" ? "that is blank" : null;
}

const LONGEST_NAME = 1024;

interface Names {
  id: string;
  collection: string;
  provider: string;
}

/** The names of a granule, or null where one is missing or cannot be used: it is set aside then. */
export function wholeNames(
  id: string,
  collection: string | null,
  provider: string | null,
  tally: Tally,
): Names | null {
  if (collection === null || provider === null) {
    tally.add("granule", collection === null ? "no collection" : "no provider", printable(id));
    return null;
  }
  const names = { id, collection, provider };
  return namesAreSound(names, tally) ? names : null;
}

/** Sets a granule aside when one of its names cannot be used. True when all can. */
export function namesAreSound(names: Names, tally: Tally): boolean {
  for (const [what, name] of Object.entries(names)) {
    const problem = nameProblem(name);
    if (problem !== null) {
      tally.add("granule", `${what} ${problem}`, printable(names.id));
      return false;
    }
  }
  return true;
}

/** The columns of bytes and access, for a granule on NASA's Earthdata or with an endpoint of its own. */
export function locationColumns(
  files: readonly DataFile[],
  credentials: string | null,
  facts: CollectionFacts | null,
): Locations & Pick<GranuleRow, "s3_credentials" | "s3_region" | "s3_endpoint" | "s3_access" | "local_base"> {
  const locations = locate(files);
  const first = files[0];
  const endpoint = facts?.s3Credentials ?? credentials ?? credentialsOfBucket(bucketOf(first.s3));
  const onS3 = files.some((file) => file.s3 !== null);
  const region = facts?.s3Region ?? (endpoint === null ? null : EARTHDATA_REGION);
  return {
    ...locations,
    local_base: null,
    s3_credentials: onS3 ? endpoint : null,
    s3_region: onS3 ? region : null,
    s3_endpoint: null,
    s3_access: onS3 && endpoint !== null ? "signed" : null,
  };
}

/** Start and end in order; a pair in reverse is put in order and noted. */
export function orderedTimes(
  start: number | null,
  end: number | null,
  tally: Tally,
  id: string,
): { start_datetime: number | null; end_datetime: number | null } {
  if (start !== null && end !== null && start > end) {
    tally.add("note", "start after end; the two were exchanged", id);
    return { start_datetime: end, end_datetime: start };
  }
  return { start_datetime: start, end_datetime: end };
}
