/** What a granule's own metadata says of its product and its time. */
import { parseTime, parseTimeUnits } from "../core/cf_time.ts";
import type { Hdf5File, Hdf5Scalar } from "../core/hdf5/contract.ts";
import { firstNumber } from "../core/hdf5/values.ts";

/** What the file does not say is null; its name may still say it. */
export interface GranuleFacts {
  /** Short name and version, `ATL06.006`, or the short name alone where no version is stated. */
  collection: string | null;
  /** First and last observation, milliseconds since 1970 UTC. */
  start: number | null;
  end: number | null;
}

type Attributes = Record<string, Hdf5Scalar | Hdf5Scalar[]>;

/** Where products keep what they are: the object, its short name and its version. */
const PRODUCT_PLACES: readonly [path: string, name: string, version: string][] = [
  ["/METADATA/DatasetIdentification", "shortName", "VersionID"],
  ["/METADATA/SeriesIdentification", "shortName", "VersionID"],
  ["/", "short_name", "version_id"],
  ["/", "short_name", "product_version"],
  ["/", "identifier_product_type", "product_version"],
  ["/HDFEOS/ADDITIONAL/FILE_ATTRIBUTES", "ShortName", "VersionID"],
  // GHRSST and PO.DAAC: the id is the collection's short name.
  ["/", "id", "product_version"],
];

/** Where products keep their time, the narrowest first: data, then coverage, then the granule's plan. */
const TIME_PLACES: readonly [path: string, start: string, end: string][] = [
  ["/METADATA/Extent", "rangeBeginningDateTime", "rangeEndingDateTime"],
  ["/", "time_coverage_start", "time_coverage_end"],
  ["/", "start_time", "stop_time"],
  ["/", "RangeBeginningDateTime", "RangeEndingDateTime"],
  ["/HDFEOS/ADDITIONAL/FILE_ATTRIBUTES", "StartUTC", "EndUTC"],
];

/**
 * Reads product and time from attributes of ICESat-2, GEDI, netCDF (ACDD) and HDF-EOS files; where no
 * attribute has the time, from the first and last value of `timeDatasets` that state CF units. A granule's
 * id is its file's name with its ending and any prefix (`processed_…` marks a subset, which is another
 * granule than the whole), so it is not read here.
 */
export function granuleFacts(file: Hdf5File, timeDatasets: readonly string[] = []): GranuleFacts {
  const seen = new Map<string, Attributes>();
  const attributes = (path: string): Attributes => {
    let found = seen.get(path);
    if (!found) seen.set(path, found = file.attributes(path) ?? {});
    return found;
  };
  let start: number | null = null;
  let end: number | null = null;
  for (const [path, first, last] of TIME_PLACES) {
    start = parseTime(text(attributes(path)[first]));
    end = parseTime(text(attributes(path)[last]));
    if (start !== null) break;
  }
  if (start === null) [start, end] = timesOfDatasets(file, timeDatasets);
  if (end !== null && start !== null && end < start) end = start;
  return { collection: collectionOf(attributes), start, end };
}

function collectionOf(attributes: (path: string) => Attributes): string | null {
  let nameAlone: string | null = null;
  for (const [path, name, version] of PRODUCT_PLACES) {
    const shortName = productName(text(attributes(path)[name]));
    if (shortName === null) continue;
    const stated = text(attributes(path)[version]);
    if (stated !== null) return `${shortName}.${stated}`;
    // An "id" without a version may be anything.
    if (name !== "id") nameAlone ??= shortName;
  }
  return nameAlone;
}

/** `GEDI_L2A` is what GEDI files say; their collection is called GEDI02_A. */
function productName(name: string | null): string | null {
  const gedi = name && /^GEDI_L(\d)([A-Z])$/.exec(name);
  return gedi ? `GEDI0${gedi[1]}_${gedi[2]}` : name;
}

/** The text of an attribute; null where it is absent, empty or a producer's unfilled field. */
function text(attribute: Hdf5Scalar | Hdf5Scalar[] | undefined): string | null {
  const value = Array.isArray(attribute) ? attribute[0] : attribute;
  if (value === undefined) return null;
  const trimmed = String(value).trim();
  return trimmed === "" || /^(SET_BY|unknown$|none$|not[_ ]set)/i.test(trimmed) ? null : trimmed;
}

/** The least and greatest end of the datasets, by their units `seconds since 2018-01-01`. */
function timesOfDatasets(file: Hdf5File, paths: readonly string[]): [number | null, number | null] {
  let start = Infinity;
  let end = -Infinity;
  for (const path of paths) {
    const dataset = file.dataset(path);
    const rows = dataset?.shape[0] ?? 0;
    if (!dataset || dataset.shape.length !== 1 || rows === 0 || !/[iuf][1248]$/.test(dataset.dtype)) continue;
    const attributes = dataset.attributes();
    const units = parseTimeUnits(text(attributes.units));
    if (units === null) continue;
    const fill = firstNumber(attributes._FillValue);
    for (const row of [0, rows - 1]) {
      const value = Number(dataset.read(row, 1)[0]);
      if (!Number.isFinite(value) || value === fill) continue;
      const time = 1000 * (units.epoch + value * units.seconds);
      start = Math.min(start, time);
      end = Math.max(end, time);
    }
  }
  return start <= end ? [Math.floor(start), Math.floor(end)] : [null, null];
}
