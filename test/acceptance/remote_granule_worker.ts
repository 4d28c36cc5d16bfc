/** A worker that reads a granule as the engine's workers do, and tells what it cost. */
import { parentPort, workerData } from "node:worker_threads";
import { loadConfig } from "../../aggregate/config/load.ts";
import { readGranule } from "../../core/observations/granule.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { serializeError } from "../../core/errors.ts";
import { BridgeClient, type BridgeRequest } from "../../core/access/bridge.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { SourceCounters } from "../../core/access/source.ts";

export type GranuleMessage =
  | { kind: "source"; request: BridgeRequest }
  | { kind: "done"; rows: number; sum: number; counters: SourceCounters }
  | { kind: "failed"; error: ReturnType<typeof serializeError> };

const port = parentPort!;
const post = (message: GranuleMessage) => port.postMessage(message);
try {
  const { location, config } = workerData as { location: SourceLocation; config: string };
  const { pipeline } = loadConfig(config);
  const source = new BridgeClient((request) => post({ kind: "source", request })).open(location);
  const file = await openHdf5(source, { request: pipeline.dataSource });
  let rows = 0;
  let sum = 0;
  for (const group of readGranule(file, pipeline.dataSource)) {
    rows += group.rows;
    for (const latitude of group.latitude) sum += Number.isNaN(latitude) ? 0 : latitude;
  }
  file.close();
  source.close();
  post({ kind: "done", rows, sum, counters: source.counters });
} catch (error) {
  post({ kind: "failed", error: serializeError(error) });
}
