/** What it costs to read one granule from elsewhere, against the datasets' stored sizes and the local reader. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import { deserializeError } from "../../core/errors.ts";
import { BridgeServer } from "../../core/access/bridge.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import { DEFAULT_CACHE } from "../../core/access/block_cache.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { Loopback } from "../support/loopback.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import type { GranuleMessage } from "./remote_granule_worker.ts";

type Done = Extract<GranuleMessage, { kind: "done" }>;

/** Reads a granule in a worker, as the engine does. */
async function readInWorker(location: SourceLocation, config: string): Promise<Done> {
  const opener = new SourceOpener({ env: {} });
  const bridge = new BridgeServer(opener);
  const worker = new Worker(new URL("./remote_granule_worker.ts", import.meta.url), {
    workerData: { location, config },
  });
  try {
    return await new Promise<Done>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("message", (message: GranuleMessage) => {
        if (message.kind === "source") void bridge.handle(message.request);
        else if (message.kind === "done") resolve(message);
        else reject(deserializeError(message.error));
      });
    });
  } finally {
    await worker.terminate();
    await bridge.close();
  }
}

async function bothWays(
  file: string,
  config: string,
): Promise<{ remote: Done; local: Done; sizeBytes: number }> {
  const bytes = new Uint8Array(fs.readFileSync(file));
  const server = await Loopback.start((request, response) => server.sendFile(request, response, bytes));
  try {
    const remote = await readInWorker({ kind: "https", url: `${server.url}/${path.basename(file)}` }, config);
    assert.equal(remote.counters.requests, server.seen.length, "every request is counted");
    assert.equal(remote.counters.bytes, server.sentBytes, "every byte is counted");
    const local = await readInWorker({ kind: "local", url: file }, config);
    return { remote, local, sizeBytes: bytes.length };
  } finally {
    await server.stop();
  }
}

for (
  const [name, config] of [["ATL06_20230816161508_08782002_006_02.h5", "atl06"], [
    "processed_ATL06_20190613065109_11610303_002_01.h5",
    "atl06",
  ]] as const
) {
  Deno.test({
    name: `${name} costs a third of the local reader's requests, and no more bytes than it has`,
    ignore: !hasSharedData,
    fn: async () => {
      const { remote, local, sizeBytes } = await bothWays(sharedData(`atl06/${name}`), config);
      assert.deepEqual([remote.rows, remote.sum], [local.rows, local.sum]);
      assert.ok(
        remote.counters.requests <= local.counters.requests / 3,
        `${remote.counters.requests} requests, locally ${local.counters.requests}`,
      );
      assert.ok(
        remote.counters.bytes <= sizeBytes + 2 * DEFAULT_CACHE.blockBytes,
        `${remote.counters.bytes} of ${sizeBytes} bytes`,
      );
    },
  });
}

/** What may come beyond the stored chunks of a large granule at least: metadata by blocks, gaps of near chunks; and what misses widen by. */
const OVERHEAD_BYTES = 1024 * 1024;

const ONE_VARIABLE = `
data_source:
  reader: hdf5
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    count: {function: count, source: h_li, dtype: int32, fill_value: 0}
output:
  grid: {type: healpix, indexing_scheme: nested, parent_order: 6, child_order: 12}
`;

Deno.test("of a large granule little more is fetched than the datasets that a config needs", async () => {
  const folder = temporaryFolder("granary-remote-granule-");
  const made = await granary(["simulate", folder, "--granules", "1", "--rows", "500000"]);
  assert.equal(made.code, 0, made.stderr);
  const file = path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith(".h5"))!);
  const config = path.join(folder, "one.yaml");
  fs.writeFileSync(config, ONE_VARIABLE);
  let stored = 0;
  const hdf5 = await openHdf5(openFileSyncSource(file));
  for (const beam of ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"]) {
    for (const name of ["latitude", "longitude", "h_li"]) {
      stored += hdf5.dataset(`/${beam}/land_ice_segments/${name}`)?.storedBytes ?? 0;
    }
  }
  hdf5.close();
  const { remote, local, sizeBytes } = await bothWays(file, config);
  assert.deepEqual([remote.rows, remote.sum], [local.rows, local.sum]);
  const allowed = stored + OVERHEAD_BYTES + sizeBytes * DEFAULT_CACHE.widenedShare;
  assert.ok(stored > 2_000_000 && stored < sizeBytes, `${stored} of ${sizeBytes} bytes are needed`);
  assert.ok(
    remote.counters.bytes >= stored && remote.counters.bytes <= allowed,
    `${remote.counters.bytes} bytes for ${stored} (${allowed} allowed)`,
  );
  assert.ok(
    remote.counters.requests <= local.counters.requests,
    `${remote.counters.requests} requests, locally ${local.counters.requests}`,
  );
});
