/**
 * A granule's HDF5 file as ATL06 lays it out: beam groups with land_ice_segments, chunks of 10,000,
 * deflate 6, units, fill values, and the attributes by which product, version and times are known.
 * libhdf5 (h5wasm) writes it in memory; the same input gives the same bytes.
 */
import { giveTurn } from "../../core/concurrency.ts";
import { type BeamColumns, FLOAT_FILL, isStrong } from "./track.ts";

const CHUNK_ROWS = 10_000;
const DEFLATE_LEVEL = 6;
/** HDF5 notes when an object was made; a fixed time keeps the bytes a function of the input alone. */
const FIXED_TIME_MS = Date.UTC(2018, 0, 1);

type Attributes = Readonly<Record<string, string | number>>;

interface GranuleDescription {
  fileName: string;
  shortName: string;
  version: string;
  cycle: number;
  track: number;
  region: number;
  nodeSeconds: number;
  nodeLongitudeDegrees: number;
  startMs: number;
  endMs: number;
  startSeconds: number;
  endSeconds: number;
}

/** The calls of h5wasm used here (its own types do not resolve outside its build). */
interface Writer {
  create_group(name: string): Writer;
  create_dataset(options: {
    name: string;
    data: ArrayLike<number> | string[];
    dtype?: string;
    shape?: number[];
    chunks?: number[];
    maxshape?: (number | null)[];
    compression?: number;
  }): Writer;
  create_attribute(name: string, data: unknown, shape?: number[] | null, dtype?: string | null): void;
}
interface H5wasm {
  ready: Promise<{ FS: { readFile(path: string): Uint8Array; unlink(path: string): void } }>;
  File: new (path: string, mode: "w") => Writer & { close(): number };
}

let files = 0;

/**
 * The file's bytes. Beams without a segment have a group but no land_ice_segments, as in the product. Throws the signal's
 * reason between beams.
 */
export async function granuleBytes(
  granule: GranuleDescription,
  beams: readonly BeamColumns[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const h5wasm = await import("h5wasm") as unknown as H5wasm;
  const { FS } = await h5wasm.ready;
  const path = `/simulated-${++files}.h5`;
  const file = atFixedTime(() => new h5wasm.File(path, "w"));
  let isOpen = true;
  const close = () => {
    if (isOpen) atFixedTime(() => file.close());
    isOpen = false;
  };
  try {
    atFixedTime(() => writeProduct(file, granule, beams));
    for (const beam of beams) {
      await giveTurn(signal);
      atFixedTime(() => writeBeam(file, beam));
    }
    close();
    return FS.readFile(path);
  } finally {
    close();
    FS.unlink(path);
  }
}

/** Nothing waits in `work`, so nobody else sees the clock stand still. */
function atFixedTime<T>(work: () => T): T {
  const clock = Date.now;
  Date.now = () => FIXED_TIME_MS;
  try {
    return work();
  } finally {
    Date.now = clock;
  }
}

function writeProduct(file: Writer, granule: GranuleDescription, beams: readonly BeamColumns[]): void {
  const start = isoTime(granule.startMs), end = isoTime(granule.endMs);
  const extent = extentOf(beams);
  describe(file, {
    short_name: granule.shortName,
    level: "L3A",
    title: "Simulated ATLAS/ICESat-2 L3A Land Ice Height",
    description: "Simulated by granary; not an observation",
    Conventions: "CF-1.6",
    featureType: "trajectory",
    identifier_product_type: granule.shortName,
    identifier_product_format_version: granule.version,
    time_type: "CCSDS UTC-A",
    time_coverage_start: start,
    time_coverage_end: end,
    time_coverage_duration: (granule.endMs - granule.startMs) / 1000,
    geospatial_lat_min: extent.south,
    geospatial_lat_max: extent.north,
    geospatial_lon_min: extent.west,
    geospatial_lon_max: extent.east,
  });
  const metadata = file.create_group("METADATA");
  describe(metadata.create_group("DatasetIdentification"), {
    shortName: granule.shortName,
    VersionID: granule.version,
    fileName: granule.fileName,
  });
  describe(metadata.create_group("Extent"), {
    rangeBeginningDateTime: start,
    rangeEndingDateTime: end,
    southBoundLatitude: extent.south,
    northBoundLatitude: extent.north,
    westBoundLongitude: extent.west,
    eastBoundLongitude: extent.east,
  });
  const ancillary = file.create_group("ancillary_data");
  const scalar = (group: Writer, name: string, value: number, dtype: string, units: string) =>
    describe(group.create_dataset({ name, data: [value], shape: [1], dtype }), { units });
  const text = (name: string, value: string) =>
    ancillary.create_dataset({ name, data: [value], shape: [1], dtype: `S${value.length}` });
  scalar(ancillary, "atlas_sdp_gps_epoch", 1198800018, "<d", "seconds since 1980-01-06T00:00:00.000000Z");
  text("data_start_utc", start);
  text("data_end_utc", end);
  text("granule_start_utc", start);
  text("granule_end_utc", end);
  text("release", granule.version);
  text("version", "01");
  for (const edge of ["start", "end"] as const) {
    const seconds = edge === "start" ? granule.startSeconds : granule.endSeconds;
    scalar(ancillary, `${edge}_delta_time`, seconds, "<d", "seconds since 2018-01-01");
    scalar(ancillary, `${edge}_rgt`, granule.track, "<i", "1");
    scalar(ancillary, `${edge}_cycle`, granule.cycle, "<i", "1");
    scalar(ancillary, `${edge}_region`, granule.region, "<i", "1");
  }
  const orbit = file.create_group("orbit_info");
  scalar(orbit, "rgt", granule.track, "<h", "1");
  scalar(orbit, "cycle_number", granule.cycle, "<b", "1");
  scalar(orbit, "crossing_time", granule.nodeSeconds, "<d", "seconds since 2018-01-01");
  scalar(orbit, "lan", granule.nodeLongitudeDegrees, "<d", "degrees_east");
  scalar(orbit, "sc_orient", 0, "<b", "1");
}

function writeBeam(file: Writer, columns: BeamColumns): void {
  const { beam } = columns;
  const strong = isStrong(beam);
  const group = file.create_group(beam);
  describe(group, {
    groundtrack_id: beam,
    atlas_beam_type: strong ? "strong" : "weak",
    sc_orientation: "Backward",
  });
  if (columns.latitude.length === 0) return;
  const segments = group.create_group("land_ice_segments");
  put(segments, "latitude", columns.latitude, {
    units: "degrees_north",
    long_name: "Latitude",
    standard_name: "latitude",
    valid_min: -90,
    valid_max: 90,
  });
  put(segments, "longitude", columns.longitude, {
    units: "degrees_east",
    long_name: "Longitude",
    standard_name: "longitude",
    valid_min: -180,
    valid_max: 180,
  });
  put(segments, "delta_time", columns.deltaTime, {
    units: "seconds since 2018-01-01",
    long_name: "Elapsed GPS seconds",
    standard_name: "time",
  });
  put(segments, "h_li", columns.height, { units: "meters", long_name: "Land Ice height" }, FLOAT_FILL);
  put(
    segments,
    "h_li_sigma",
    columns.heightSigma,
    { units: "meters", long_name: "Expected RMS segment misfit" },
    FLOAT_FILL,
  );
  put(segments, "atl06_quality_summary", columns.quality, {
    units: "1",
    long_name: "ATL06_Quality_Summary",
    flag_meanings: "best_quality potential_problem",
  });
  put(segments, "segment_id", columns.segmentId, { units: "1", long_name: "Reference Point, m" });
  const fit = segments.create_group("fit_statistics");
  put(
    fit,
    "dh_fit_dx",
    columns.alongTrackSlope,
    { units: "1", long_name: "Along Track Slope" },
    FLOAT_FILL,
  );
  put(fit, "n_fit_photons", columns.photons, { units: "1", long_name: "Number of Photons in Fit" });
}

function put(
  group: Writer,
  name: string,
  data: Float64Array | Float32Array | Int32Array | Int8Array,
  attributes: Attributes,
  fill?: number,
): void {
  const dataset = group.create_dataset({
    name,
    data,
    shape: [data.length],
    chunks: [CHUNK_ROWS],
    maxshape: [null],
    compression: DEFLATE_LEVEL,
  });
  describe(dataset, attributes);
  if (fill !== undefined) dataset.create_attribute("_FillValue", fill, null, "<f");
}

/** Text of fixed length and float64 numbers, as the product's attributes are. */
function describe(object: Writer, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string") object.create_attribute(name, value, null, `S${value.length}`);
    else object.create_attribute(name, value, null, "<d");
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

function extentOf(beams: readonly BeamColumns[]) {
  const extent = { south: Infinity, north: -Infinity, west: Infinity, east: -Infinity };
  for (const { latitude, longitude } of beams) {
    for (let i = 0; i < latitude.length; i++) {
      extent.south = Math.min(extent.south, latitude[i]);
      extent.north = Math.max(extent.north, latitude[i]);
      extent.west = Math.min(extent.west, longitude[i]);
      extent.east = Math.max(extent.east, longitude[i]);
    }
  }
  return extent;
}
