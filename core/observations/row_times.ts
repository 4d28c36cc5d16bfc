/** When each row of a granule was observed. The one place that reads the time of a row. */
import { parseTimeUnits, type TimeUnits, utcOfGps } from "../cf_time.ts";
import { GranaryError } from "../errors.ts";
import type { Hdf5File, Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toCoordinate } from "../hdf5/values.ts";
import type { TimeRequest } from "./contract.ts";
import type { GroupColumns } from "./group_columns.ts";
import { datasetPath } from "./groups.ts";

/** A dataset with the time of each row. */
export interface RowTimes {
  path: string;
  /** Whether every element of two dimensions is a time. */
  isFlat: boolean;
  /** Of a dataset of fewer rows, of which each has so many of the group's. */
  each: number;
  /** Stored elements to seconds since 1970 UTC; NaN where fill. */
  seconds(raw: Hdf5Values, packing: Packing): Float64Array;
}

/**
 * The time column of a group, which then stands among `columns`: the one that the request names, or one by a
 * usual name beside the latitudes. A text that says why there is none, where there is none. Throws a granule
 * error where one is named and cannot be read as times.
 */
export function findTimes(
  file: Hdf5File,
  columns: GroupColumns,
  request: TimeRequest,
  latitude: string,
  group: string,
): RowTimes | string {
  const beside = latitude.slice(0, latitude.lastIndexOf("/") + 1);
  const named = request.path === null ? undefined : datasetPath(request.path, group).path;
  const paths = named === undefined ? request.names.map((name) => beside + name) : [named];
  const why: string[] = [];
  for (const path of paths) {
    const dataset = file.dataset(path);
    if (dataset === undefined) continue;
    // Where every element of two dimensions is a row, a time may be that of several.
    const isFlat = columns.isFlat && dataset.shape.length === 2;
    const elements = dataset.shape.reduce((product, length) => product * length, 1);
    const each = columns.isFlat ? columns.rows / elements : 1;
    if (
      !isFlat && dataset.shape.length !== 1 || !Number.isInteger(each) || elements * each !== columns.rows
    ) {
      why.push(`${path} has shape ${dataset.shape.join(" x ") || "of one value"}, not one time a row`);
      continue;
    }
    const units = unitsOf(file, request, dataset.attributes().units, group);
    if (units === undefined) {
      why.push(`${path} says no units such as "seconds since 2018-01-01"`);
      continue;
    }
    columns.adopt(dataset);
    return { path, isFlat, each, seconds: (raw, packing) => toSeconds(raw, packing, units) };
  }
  if (why.length === 0) why.push(`there is no ${paths.join(" and no ")}`);
  if (named !== undefined) {
    throw new GranaryError(
      "granule",
      `${file.name}: no times of observations: ${why.join("; ")} (check data_source.coordinates.time)`,
      { details: { name: file.name, path: named } },
    );
  }
  return why.join("; ");
}

function unitsOf(
  file: Hdf5File,
  request: TimeRequest,
  attribute: unknown,
  group: string,
): TimeUnits | undefined {
  const text = Array.isArray(attribute) ? attribute[0] : attribute;
  const units = parseTimeUnits(request.units) ?? parseTimeUnits(typeof text === "string" ? text : null);
  if (units !== null) return units;
  for (const template of request.gpsEpochs) {
    const dataset = file.dataset(datasetPath(template, group).path);
    if (dataset === undefined || dataset.shape.some((length) => length !== 1)) continue;
    const gps = Number(dataset.readWindow(dataset.shape.map(() => 0), dataset.shape.map(() => 1))[0]);
    if (Number.isFinite(gps)) return { seconds: 1, epoch: utcOfGps(gps) };
  }
  return undefined;
}

function toSeconds(raw: Hdf5Values, packing: Packing, { seconds, epoch }: TimeUnits): Float64Array {
  const times = toCoordinate(raw, packing);
  for (let i = 0; i < times.length; i++) times[i] = epoch + times[i] * seconds;
  return times;
}
