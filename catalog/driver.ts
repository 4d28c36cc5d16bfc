/** Which base of a granule row its bytes are read by. */
import fs from "node:fs";
import { type DriverKind, EARTHDATA_REGION, type SourceLocation } from "../core/access/location.ts";
import { GranaryError } from "../core/errors.ts";
import { type DriverChoice, KINDS } from "./driver_choice.ts";
import type { GranuleAsset, GranuleRow } from "./granule.ts";
import { locationBy } from "./granule_address.ts";

interface LocateContext {
  /** The AWS region that this machine is in, if it is in one. */
  localRegion?: string | undefined;
  /** Whether a file is there; the file system's answer by default. */
  exists?: (file: string) => boolean;
  /** The file to read, for granules of several. */
  asset?: GranuleAsset | null | undefined;
  /** Hears of fallbacks, in words that are the same for all granules of a collection. */
  warn?: (message: string) => void;
}

/**
 * Where to read a row's bytes. `auto` prefers a local file that is there, S3 within the bucket's region,
 * HTTPS, then S3 from elsewhere. A list is gone through in its order, and what is passed over is reported.
 * Throws a granule error where no driver of the choice has an address, and an input error for an address
 * that leaves its base.
 */
export function locate(row: GranuleRow, choice: DriverChoice, context: LocateContext = {}): SourceLocation {
  const exists = context.exists ?? fs.existsSync;
  const at = (kind: DriverKind) => locationBy(row, kind, context.asset ?? null);
  if (choice === "auto") {
    const local = at("local");
    if (local !== undefined && exists(local.url)) return local;
    const s3 = at("s3");
    if (s3 !== undefined && s3.s3?.endpoint == null && bucketRegion(row, s3) === context.localRegion) {
      return s3;
    }
    const found = at("https") ?? s3 ?? local;
    if (found !== undefined) return found;
    throw nowhere(row, KINDS);
  }
  let passedOver: DriverKind | undefined;
  for (const kind of choice) {
    const found = at(kind);
    const missing = found === undefined || (kind === "local" && choice.length > 1 && !exists(found.url));
    if (missing) {
      passedOver ??= kind;
      continue;
    }
    if (passedOver !== undefined) {
      context.warn?.(
        `${row.collection}: some granules have no ${passedOver} ${
          passedOver === "local" ? "file" : "address"
        } and are read by ${kind}`,
      );
    }
    return found;
  }
  throw nowhere(row, choice);
}

function bucketRegion(row: GranuleRow, location: SourceLocation): string | undefined {
  return row.s3_region ?? (location.s3?.credentials ? EARTHDATA_REGION : undefined);
}

function nowhere(row: GranuleRow, choice: readonly DriverKind[]): GranaryError {
  const has = KINDS.filter((kind) => row[`${kind}_base`] !== null);
  return new GranaryError(
    "granule",
    `${row.collection} ${row.id}: has no address for --driver ${choice.join(",")} ` +
      `(the catalog has ${has.length === 0 ? "none" : has.join(", ")}; try --driver ${
        has.length === 0
          ? "with another catalog"
          : [...choice, ...has.filter((kind) => !choice.includes(kind))].join(",")
      })`,
    { details: { collection: row.collection, id: row.id } },
  );
}
