/** Endpoints that take pixels or cells apart. */
import type { DataContext } from "../context.ts";
import { addCompatibility } from "./compatibility.ts";
import { addParts } from "./parts.ts";
import { addPoint } from "./point.ts";
import { addSeries } from "./series.ts";
import { addStatistics } from "./statistics.ts";
import { addStores } from "./stores.ts";
import { addStoreSeries } from "./store_series.ts";
import { addStoreTiles } from "./store_tiles.ts";
import { addStoreWmts } from "./store_wmts.ts";
import { addTiles } from "./tiles.ts";

export function addDataEndpoints(context: DataContext): void {
  addPoint(context);
  addCompatibility(context);
  addTiles(context);
  addParts(context);
  addStatistics(context);
  addSeries(context);
  addStores(context);
  addStoreTiles(context);
  addStoreSeries(context);
  addStoreWmts(context);
}
