/** Feeds whose state a server shows. */
import fs from "node:fs";
import { manifestFiles, newestManifestIn } from "../../catalog/file/live_manifest.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { inputError } from "../../core/errors.ts";
import type { ServedFeed } from "../../serve/feeds/served_feed.ts";

interface ServedFeeds {
  served: ServedFeed[];
  /** Their live catalogs that are there already, as `NAME=FOLDER`. */
  catalogs: string[];
  close(): Promise<void>;
}

/** Opens the ledgers of feeds by their YAML. Nothing is followed here. */
export async function openServedFeeds(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ServedFeeds> {
  const { readFeed } = await import("../../feed/definition/parse.ts");
  const { openLedger } = await import("../../feed/ledger/open.ts");
  const { feedStatus } = await import("../../feed/status.ts");
  const { recentFootprints } = await import("../../feed/footprints.ts");
  const opener = new SourceOpener({ env });
  const found: ServedFeeds & { closers: (() => Promise<void>)[] } = {
    served: [],
    catalogs: [],
    closers: [],
    async close() {
      for (const close of found.closers) await close();
    },
  };
  try {
    for (const file of files) {
      const { name, ledger, exclusive, catalog, push } = readFeed(file);
      if (found.served.some((one) => one.name === name)) throw inputError(`${file}: a second feed "${name}"`);
      if (exclusive) {
        throw inputError(
          `${file}: its ledger is exclusive: one process alone has it open, and a server is another`,
        );
      }
      if (!/^postgres(ql)?:/.test(ledger) && !fs.existsSync(ledger)) {
        throw inputError(`${ledger}: the feed has no ledger yet (granary feed run ${file} makes it)`);
      }
      const engine = await openLedger({ address: ledger });
      found.closers.push(() => engine.close());
      found.served.push({
        name,
        state: (days) => feedStatus(engine, name, days, push.silentMs),
        footprints: (days, most) => recentFootprints(engine, name, days, most),
      });
      const manifest = catalog === undefined ? null : await newestManifestIn(openTarget(catalog, opener));
      if (manifest !== null && manifestFiles(manifest).length > 0) {
        found.catalogs.push(`${name}=${catalog}`);
      }
    }
    return found;
  } catch (error) {
    await found.close();
    throw error;
  }
}
