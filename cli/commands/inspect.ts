/** `granary inspect PATH`: what a file or folder is and holds: a store, an HDF5 file, a TIFF or a catalog. */
import fs from "node:fs";
import path from "node:path";
import type { Command } from "@commander-js/extra-typings";
import type { LevelDescription, StoreDescription } from "../../core/store/describe.ts";
import { beginsAsTiff, TIFF_HEAD_BYTES } from "../../core/geotiff/signature.ts";
import { inputError, systemCode } from "../../core/errors.ts";
import { asArray, asObject } from "../../core/json_value.ts";
import { formatBytes, formatCount } from "../../core/units.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";
import type { CliContext } from "../io/context.ts";
import { openStoreAt } from "../flags/store_place.ts";
import { printReport } from "../io/report.ts";
import { placeToRead } from "../flags/places.ts";
import { isObjectAddress } from "../../core/files/address.ts";

const EXAMPLES = `
Examples:
  granary inspect store.zarr                 levels, variables, chunks, sizes, how it was made
  granary inspect ATL06_20190416.h5          groups, datasets, chunks, filters, attributes
  granary inspect OMTO3d.he5                 its grids: size, place, steps; or why a variable is none
  granary inspect image.tif                  as of an HDF5 file, with overviews
  granary inspect https://example.org/x.nc4  the same of a file that lies elsewhere
  granary inspect catalog.parquet            as granary catalog info
  granary inspect store.zarr --json | jq '.levels[0].arrays[].name'`;

/** What is there, by its first bytes and not by its name. */
type Kind = "store" | "hdf5" | "parquet" | "tiff" | "remote";

/** Of objects in S3, what is a file of its own and no folder of a store. */
const FILE_NAMES = /\.(nc|nc4|h5|he5|hdf5?|tiff?|parquet)$/i;

export function addInspect(program: Command, context: CliContext): void {
  program.command("inspect")
    .description("say what a file, a catalog or a store holds, and which grids")
    .argument(
      "<path>",
      "a file, its URL in HTTPS or S3, a store's folder, or s3://bucket/prefix of a store",
      placeToRead,
    )
    .addHelpText("after", EXAMPLES)
    .action(async (place) => {
      switch (kindOf(place)) {
        case "store":
          return await inspectStore(place, context);
        case "hdf5": {
          const { inspectHdf5 } = await import("./inspect_hdf5.ts");
          return await inspectHdf5(place, context);
        }
        case "remote": {
          const { inspectRemote } = await import("./inspect_remote.ts");
          return await inspectRemote(place, context);
        }
        case "tiff": {
          const { inspectTiff } = await import("./inspect_grids.ts");
          return await inspectTiff(place, context);
        }
        case "parquet": {
          const { showCatalog } = await import("./catalog_info.ts");
          return await showCatalog(place, context);
        }
      }
    });
}

const HDF5_SIGNATURE = "\x89HDF\r\n\x1a\n";

/** Where a file may begin its HDF5 part: at 0, or behind a user block of 512 bytes, doubled. */
const USER_BLOCKS = [0, 512, 1024, 2048, 4096];

function kindOf(place: string): Kind {
  if (/^https?:\/\//i.test(place) || (isObjectAddress(place) && FILE_NAMES.test(place))) return "remote";
  if (isObjectAddress(place)) return "store";
  let file: number;
  try {
    if (fs.statSync(place).isDirectory()) return "store";
    file = fs.openSync(place, "r");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw inputError(`${place}: does not exist (wanted an HDF5 file, a TIFF, a catalog or a store)`);
    }
    throw inputError(`${place}: cannot be opened (${code ?? (error as Error).message})`);
  }
  try {
    const bytesAt = (offset: number, length: number): string => {
      const bytes = new Uint8Array(length);
      const read = fs.readSync(file, bytes, 0, length, offset);
      return String.fromCharCode(...bytes.subarray(0, read));
    };
    if (bytesAt(0, PARQUET_MAGIC.length) === PARQUET_MAGIC) return "parquet";
    if (beginsAsTiff(Uint8Array.from(bytesAt(0, TIFF_HEAD_BYTES), (unit) => unit.charCodeAt(0)))) {
      return "tiff";
    }
    for (const offset of USER_BLOCKS) {
      if (bytesAt(offset, HDF5_SIGNATURE.length) === HDF5_SIGNATURE) return "hdf5";
    }
    const size = fs.fstatSync(file).size;
    throw inputError(
      `${place}: is neither HDF5, TIFF nor Parquet: ${
        size === 0 ? "it is empty" : whatItLooksLike(bytesAt(0, 64))
      }` +
        " (wanted an HDF5 file, a TIFF, a catalog, or the folder of a store)",
    );
  } finally {
    fs.closeSync(file);
  }
}

function whatItLooksLike(head: string): string {
  const start = head.trimStart().toLowerCase();
  if (start.startsWith("<")) return "it begins like HTML or XML, perhaps a login page saved in its place";
  if (start.startsWith("{") || start.startsWith("[")) return "it begins like JSON";
  if (head.startsWith("CDF")) {
    return "it is a classic netCDF file, of a format before netCDF-4: convert it with nccopy -k nc4";
  }
  if (head.startsWith("\x0e\x03\x13\x01")) return "it is an HDF4 file: convert it with h4toh5";
  if (head.startsWith("GRIB")) return "it is a GRIB file: convert it with cdo -f nc4 copy";
  return "its first bytes are of none of them";
}

async function inspectStore(place: string, context: CliContext): Promise<void> {
  const store = await openStoreAt(place, context);
  try {
    const { describeStore } = await import("../../core/store/describe.ts");
    const description = await describeStore(store, context.signal);
    const written = writtenAt(place);
    if (context.json) printReport(context, "inspect.store", { ...description, written });
    else printStore(description, written, context);
  } finally {
    await store.close();
  }
}

/** When a store in a folder was finished: its own bytes say nothing that another run would not say. */
function writtenAt(place: string): string | null {
  return fs.statSync(path.join(place, "zarr.json"), { throwIfNoEntry: false })?.mtime.toISOString() ?? null;
}

/** Notes of provenance that another row tells, or a command prints. */
const NOT_SHOWN = new Set(["levels", "latitude", "plane", "config_yaml", "zones"]);

function printStore(store: StoreDescription, written: string | null, { out }: CliContext): void {
  const [finest] = store.levels;
  out.table(["what", "value"], [
    ["store", store.store],
    ["size", `${formatBytes(store.bytes)} in ${formatCount(store.objects)} objects`],
    ["levels", store.levels.map((level) => level.order).join(", ")],
    store.provenance?.layout === "plane" ? ["grid", finest.grid] : ["latitude", finest.latitude],
    ...written === null ? [] : [["written", written]],
    ...Object.entries(store.provenance ?? {}).filter(([key]) => !NOT_SHOWN.has(key))
      .map(([key, value]) => [key.replaceAll("_", " "), provenanceText(value)]),
    ...zonesLine(store.provenance?.zones),
  ]);
  for (const level of store.levels) {
    out.write(`\n${levelLine(level)}\n`);
    out.table(
      [
        "array",
        "type",
        "units",
        "cells a shard",
        "a chunk",
        "codecs",
        "fill",
        "objects",
        "size",
        "of unpacked",
      ],
      level.arrays.map((array) => [
        array.name,
        array.dtype,
        typeof array.attributes.units === "string" ? array.attributes.units : "",
        array.shard ?? "",
        array.chunk,
        array.codecs.join(" "),
        String(array.fill_value),
        array.objects,
        formatBytes(array.bytes),
        array.ratio === null ? "" : percent(array.ratio),
      ]),
    );
    for (const { name, attributes } of level.arrays) {
      if (typeof attributes.rank_error === "string") out.write(`${name}: ${attributes.rank_error}\n`);
    }
  }
}

/** How many zones a store has statistics of. */
function zonesLine(zones: unknown): [string, string][] {
  const names = asArray(asObject(zones)?.zone);
  if (names.length === 0) return [];
  return [["zones", `${formatCount(new Set(names).size)} (granary export --zones writes their statistics)`]];
}

const LONGEST_VALUE = 100;

/** A note of provenance on one line; the whole config is for --json. */
function provenanceText(value: unknown): string {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

function levelLine(level: LevelDescription): string {
  const cells = level.cells_with_data === null
    ? "cells with data not counted"
    : `${formatCount(level.cells_with_data)} with data` +
      ` (${percent(level.cells_with_data / level.cells)}, by ${level.counted_by})`;
  const { time } = level;
  const windows = time === null
    ? ""
    : `, ${formatCount(time.windows)} windows of time from ${time.start} to ${time.end}`;
  return `Level ${level.order}: ${formatCount(level.cells)} cells, ${cells}${windows}, ${
    formatBytes(level.bytes)
  }`;
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 99.95 || value === 0 ? value.toFixed(0) : value.toPrecision(2)} %`;
}
