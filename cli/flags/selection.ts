/** The requests that the flags of `granary cells` and `granary fetch` make. */
import type { FetchOptions } from "../../catalog/mirror/fetch.ts";
import type { SelectOptions } from "../../catalog/query/select.ts";
import { parseDrivers } from "../../catalog/driver_choice.ts";
import { parseCellAt } from "../../core/cells/cell_name.ts";
import type { Area } from "../../core/geometry/area.ts";
import type { AreaFlags } from "./area.ts";
import { type FilterFlags, filterFrom } from "./filter.ts";
import { listOf } from "./numbers.ts";

export interface CellsFlags extends AreaFlags, FilterFlags {
  order: number;
  latitude: "authalic" | "geodetic";
  cells?: string;
  unknownExtent?: boolean;
}

/** Throws an input error for a name that is no cell of the order. */
export function cellsRequest(flags: CellsFlags, area: Area | undefined): SelectOptions {
  const { order } = flags;
  return {
    ...filterFrom(flags),
    order,
    convention: flags.latitude,
    cells: flags.cells === undefined
      ? undefined
      : listOf(flags.cells).map((name) => Number(parseCellAt(name, order))),
    areas: area === undefined ? [] : [area],
    unknownExtent: flags.unknownExtent ?? false,
  };
}

export interface FetchFlags extends AreaFlags, FilterFlags {
  to: string;
  output?: string;
  driver: string;
  asset?: string;
  files: number;
  verify?: boolean;
}

/** Throws an input error for drivers that are none. */
export function fetchRequest(flags: FetchFlags, area: Area | undefined): Omit<FetchOptions, "opener"> {
  return {
    ...filterFrom(flags),
    to: flags.to,
    output: flags.output,
    asset: flags.asset ?? null,
    filesAtOnce: flags.files,
    verify: flags.verify,
    drivers: parseDrivers(flags.driver),
    areas: area === undefined ? [] : [area],
  };
}
