/** The flags that name an area, shared by the commands that select. */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { Area } from "../catalog/area.ts";

export interface AreaFlags {
  polygon?: string | undefined;
  bbox?: string | undefined;
}

/** Adds --polygon and --bbox; at most one of them is given. */
export function addAreaOptions(command: CommandUnknownOpts): void {
  command.addOption(
    new Option("--polygon <file>", "only what touches the polygons of a GeoJSON file (- for stdin)")
      .conflicts(["bbox"]),
  );
  command.addOption(
    new Option("--bbox <w,s,e,n>", "only what touches a box in degrees; west > east crosses the antimeridian")
      .conflicts(["polygon"]),
  );
}

/** The area that the flags name, if they name one. */
export async function areaFrom(flags: AreaFlags): Promise<Area | undefined> {
  if (flags.polygon !== undefined) return (await import("../catalog/area.ts")).readPolygonFile(flags.polygon);
  if (flags.bbox !== undefined) return (await import("../catalog/area.ts")).parseBox(flags.bbox);
  return undefined;
}
