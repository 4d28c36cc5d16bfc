/** Simulated granules in a folder: which passes, and their files. */
import fs from "node:fs";
import path from "node:path";
import { writeError, writeFileAtomic } from "../../core/files/atomic.ts";
import { giveTurn } from "../../core/concurrency.ts";
import { inputError } from "../../core/errors.ts";
import { SIMULATE_DEFAULTS } from "./defaults.ts";
import { granuleBytes } from "./granule_file.ts";
import { createIceSheet, type IceSheet, SHEET_NAMES, type SheetName } from "./ice_sheet.ts";
import { EARTH_RADIUS_METRES, EPOCH_MS, firstOrbitFrom, orbitAt, TRACKS_PER_CYCLE } from "./orbit.ts";
import {
  type BeamColumns,
  BEAMS,
  iceShare,
  secondsAt,
  SEGMENT_METRES,
  SHEET_REGIONS,
  simulateBeam,
  type Stretch,
  stretchOf,
} from "./track.ts";

const SHORT_NAME = "ATL06";
const VERSION = "006";
const RELEASE = "01";
const MOST_GRANULES = 100_000;
const MOST_ROWS = 1_000_000;
/** Passes that see less ice than this make no granule. */
const LEAST_ICE = 0.02;

export interface SimulateOptions {
  granules?: number;
  rows?: number;
  seed?: number;
  sheet?: SheetName;
  /** The first pass flies on or after this day, ISO 8601. */
  start?: string;
  signal?: AbortSignal;
  /** Called after each file. */
  onGranule?: (file: SimulatedFile, done: number) => void;
}

export interface SimulatedFile {
  path: string;
  bytes: number;
  /** Segments of all six beams. */
  rows: number;
}

/**
 * Writes granules of consecutive ICESat-2 passes over an ice sheet into `folder`, which is made if need
 * be. The same options give the same files.
 * @throws GranaryError "input" for a file in the way or an option out of range
 */
export async function simulate(folder: string, options: SimulateOptions = {}): Promise<SimulatedFile[]> {
  const chosen: Required<Omit<SimulateOptions, "signal" | "onGranule">> & SimulateOptions = {
    ...SIMULATE_DEFAULTS,
    ...options,
  };
  checkRange("granules", chosen.granules, 1, MOST_GRANULES);
  checkRange("rows", chosen.rows, 1, MOST_ROWS);
  checkRange("seed", chosen.seed, 0, 2 ** 31 - 1);
  if (!SHEET_NAMES.includes(chosen.sheet)) {
    throw inputError(`"${chosen.sheet}" is no ice sheet (wanted ${SHEET_NAMES.join(" or ")})`);
  }
  const sheet = createIceSheet(chosen.sheet, chosen.seed);
  const stretches = choosePasses(sheet, chosen.granules, startSeconds(chosen.start));
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
  const taken = stretches.map(granuleName).find((name) => fs.existsSync(path.join(folder, name)));
  if (taken !== undefined) {
    throw inputError(`${path.join(folder, taken)} exists already; simulate into an empty folder`);
  }
  const files: SimulatedFile[] = [];
  for (const stretch of stretches) {
    const file = await writeGranule(folder, stretch, sheet, chosen);
    files.push(file);
    options.onGranule?.(file, files.length);
  }
  return files;
}

/** `ATL06_20240101001530_01232210_006_01.h5`: start, track, cycle, region, version, release. */
export function granuleName(stretch: Stretch): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const time = new Date(milliseconds(stretch, stretch.startAngle)).toISOString().replace(/\D/g, "").slice(
    0,
    14,
  );
  const place = `${String(stretch.orbit.track).padStart(4, "0")}${two(stretch.orbit.cycle)}${
    two(stretch.region)
  }`;
  return `${SHORT_NAME}_${time}_${place}_${VERSION}_${RELEASE}.h5`;
}

/** The first passes that see ice, in the order in which they are flown. */
export function choosePasses(sheet: IceSheet, count: number, fromSeconds: number): Stretch[] {
  const chosen: Stretch[] = [];
  const first = firstOrbitFrom(fromSeconds);
  let searched = 0;
  for (let orbit = first; chosen.length < count; orbit++, searched++) {
    // Every track sees ice at some time of a cycle; a whole cycle without any is a bug of ours.
    if (searched > TRACKS_PER_CYCLE && chosen.length === 0) throw new Error(`no pass over ${sheet.name}`);
    for (const region of SHEET_REGIONS[sheet.name]) {
      const stretch = stretchOf(orbitAt(orbit), region);
      if (chosen.length < count && iceShare(stretch, sheet) >= LEAST_ICE) chosen.push(stretch);
    }
  }
  return chosen;
}

async function writeGranule(
  folder: string,
  stretch: Stretch,
  sheet: IceSheet,
  options: { rows: number; seed: number; signal?: AbortSignal },
): Promise<SimulatedFile> {
  const { orbit, region, startAngle, endAngle } = stretch;
  const segments = ((endAngle - startAngle) * EARTH_RADIUS_METRES) / SEGMENT_METRES;
  const every = Math.max(1, Math.ceil(segments / options.rows));
  const beams: BeamColumns[] = [];
  for (const beam of BEAMS) {
    await giveTurn(options.signal);
    beams.push(simulateBeam(stretch, beam, sheet, { every, seed: options.seed }));
  }
  const fileName = granuleName(stretch);
  const bytes = await granuleBytes(
    {
      fileName,
      shortName: SHORT_NAME,
      version: VERSION,
      cycle: orbit.cycle,
      track: orbit.track,
      region,
      nodeSeconds: orbit.nodeSeconds,
      nodeLongitudeDegrees: orbit.nodeLongitudeDegrees,
      startMs: milliseconds(stretch, startAngle),
      endMs: milliseconds(stretch, endAngle),
      startSeconds: secondsAt(orbit, startAngle),
      endSeconds: secondsAt(orbit, endAngle),
    },
    beams,
    options.signal,
  );
  const file = path.join(folder, fileName);
  writeFileAtomic(file, bytes, { sync: false });
  const rows = beams.reduce((sum, beam) => sum + beam.latitude.length, 0);
  return { path: file, bytes: bytes.length, rows };
}

function milliseconds(stretch: Stretch, angle: number): number {
  return EPOCH_MS + Math.round(secondsAt(stretch.orbit, angle) * 1000);
}

function startSeconds(start: string): number {
  const ms = Date.parse(start);
  const earliest = Date.UTC(2018, 9, 14), latest = Date.UTC(2042, 0, 1);
  if (Number.isNaN(ms) || ms < earliest || ms > latest) {
    throw inputError(
      `start "${start}" is not a day between 2018-10-14 and 2041-12-31 (wanted such as 2024-01-01)`,
    );
  }
  return (ms - EPOCH_MS) / 1000;
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw inputError(`${name} ${value} is out of range (wanted a whole number from ${least} to ${most})`);
  }
}
