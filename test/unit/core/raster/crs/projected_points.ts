/** Points by PROJ, for the tests of this folder; see make_projected_points.py. */
import fs from "node:fs";

export interface ProjectedPoints {
  /** A code or a definition. */
  readonly crs: string;
  /** Longitude, latitude, x, y. */
  readonly points: readonly (readonly [number, number, number, number])[];
}

export interface SystemText {
  readonly crs: string;
  readonly version: string;
  readonly wkt: string;
}

const recorded = JSON.parse(
  fs.readFileSync(new URL("./projected_points.json", import.meta.url), "utf8"),
);

export const POINTS: readonly ProjectedPoints[] = recorded.sets;
export const TEXTS: readonly SystemText[] = recorded.wkts;
