/** Runs of the binary over granules that lie elsewhere, and what holds of each: nothing secret is shown. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { GranuleRow } from "../../catalog/granule.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, homeFolder, temporaryFolder } from "./binary.ts";
import { changeCatalog, type RemoteWorld, startRemoteWorld, treeDigests, treeText } from "./remote_world.ts";

/** The real granules of the golden run. */
export const GOLDEN: string[] = hasSharedData
  ? fs.readdirSync(sharedData("atl06")).filter((name) => /_002_01\.h5$/.test(name)).map((name) =>
    sharedData(`atl06/${name}`)
  )
  : [];
/** The bytes of all of them. */
export const GOLDEN_BYTES: number = GOLDEN.reduce((sum, file) => sum + fs.statSync(file).size, 0);

let local: Promise<{ folder: string; catalog: string; store: Record<string, string> }> | undefined;

/** The catalog of the local granules and the store of a local run, made once. */
function localRun() {
  return local ??= (async () => {
    const folder = temporaryFolder("granary-remote-");
    const catalog = path.join(folder, "local.parquet");
    const built = await granary([
      "catalog",
      "build",
      "--from",
      "local",
      ...GOLDEN,
      "-c",
      "atl06",
      "--checksum",
      "md5",
      "-o",
      catalog,
    ]);
    assert.equal(built.code, 0, built.stderr);
    const store = path.join(folder, "local.zarr");
    const run = await granary(["aggregate", "-c", "atl06", "--catalog", catalog, "-o", store]);
    assert.equal(run.code, 0, run.stderr);
    return { folder, catalog, store: treeDigests(store) };
  })();
}

export interface Scene {
  world: RemoteWorld;
  folder: string;
  /** The binary's HOME. */
  home: string;
  /** Writes a catalog whose rows lie remotely; gives its name. */
  catalog(change: (row: GranuleRow, index: number) => Partial<GranuleRow>): Promise<string>;
  /** Aggregates; what was printed and written is searched for secrets. */
  aggregate(
    catalog: string,
    args: string[],
    env?: Record<string, string>,
  ): Promise<{ code: number; stdout: string; stderr: string; store: string }>;
}

/** A test in which the golden granules lie behind Earthdata's login and in S3; nothing secret may show. */
export function remote(name: string, run: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasSharedData,
    fn: async () => {
      const { catalog: localCatalog } = await localRun();
      const world = await startRemoteWorld(GOLDEN, ["atl06", "gedi", "modis"]);
      const folder = temporaryFolder("granary-remote-");
      const home = homeFolder(path.join(folder, "home"));
      let serial = 0;
      try {
        await run({
          world,
          folder,
          catalog: async (change) => {
            const file = path.join(folder, `catalog-${++serial}.parquet`);
            await changeCatalog(localCatalog, file, (row, index) => {
              const name = path.basename(row.path);
              return { local_base: null, path: name, ...change(row, index) };
            });
            return file;
          },
          home,
          aggregate: async (catalog, args, env = {}) => {
            const store = path.join(folder, `store-${++serial}.zarr`);
            const result = await granary([
              "aggregate",
              "-c",
              "atl06",
              "--catalog",
              catalog,
              "-o",
              store,
              ...args,
            ], {
              env: { ...world.env, HOME: home, ...env },
            });
            world.assertClean("the terminal", result.stdout + result.stderr);
            return { code: result.code, stdout: result.stdout, stderr: result.stderr, store };
          },
        });
        world.assertClean("a file or its name", treeText(folder).replaceAll("some.user", ""));
      } finally {
        await world.stop();
      }
    },
  });
}

/** Throws unless the store has the bytes of the local run. */
export async function sameBytes(store: string): Promise<void> {
  const { store: expected } = await localRun();
  assert.deepEqual(treeDigests(store), expected);
}
