/** The flags that name an area, shared by the commands that select. */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { Geometry } from "../../core/geometry/geometry.ts";
import type { Area } from "../../core/geometry/area.ts";
import { areaToRead } from "./places.ts";

export interface AreaFlags {
  polygon?: string | undefined;
  region?: string | undefined;
  bbox?: string | undefined;
}

/** Adds --polygon, --region and --bbox, under a heading; at most one of them is given. */
export function addAreaOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("Area:");
  command.addOption(
    new Option(
      "--polygon <file>",
      "only what touches the polygons of a file: GeoJSON, WKT, GeoParquet, GeoPackage, shapefile (- for stdin)",
    )
      .argParser(areaToRead)
      .conflicts(["region", "bbox"]),
  );
  command.addOption(
    new Option("--region <name>", "only what touches a region: antarctica, greenland, land, a country")
      .conflicts(["polygon", "bbox"]),
  );
  command.addOption(
    new Option("--bbox <w,s,e,n>", "only what touches a box in degrees; west > east crosses the antimeridian")
      .conflicts(["polygon", "region"]),
  );
}

/** The area that the flags name, if they name one. */
export async function areaFrom(flags: AreaFlags): Promise<Area | undefined> {
  if (flags.polygon !== undefined) {
    return await (await import("../../core/vector/area_file.ts")).readPolygonFile(flags.polygon);
  }
  if (flags.bbox !== undefined) return (await import("../../core/geometry/area.ts")).parseBox(flags.bbox);
  if (flags.region === undefined) return undefined;
  const { findRegion } = await import("../../core/cells/regions.ts");
  const { geometryArea } = await import("../../core/geometry/area.ts");
  const { name, geometry } = await findRegion(flags.region);
  return geometryArea(name, geometry as Geometry, flags.region);
}
