/** A feed ready to work: its ledger open, its source at hand. */
import fs from "node:fs";
import { inputError, systemCode } from "../core/errors.ts";
import { createFootprinter } from "../catalog/discover/draft/footprinter.ts";
import type { HttpIo } from "../catalog/discover/draft/http_text.ts";
import type { FeedDefinition } from "./definition/parse.ts";
import type { FollowSource } from "./follow/source.ts";
import type { Engine } from "./ledger/engine.ts";
import { openLedger } from "./ledger/open.ts";
import { ensureFeed } from "./ledger/progress.ts";
import { odataSource, type ODataSourceOptions } from "./sources/odata.ts";
import { assetTasks } from "./sources/offer.ts";
import { createRowTest } from "./sources/row_test.ts";

export interface Feed {
  definition: FeedDefinition;
  engine: Engine;
  source: FollowSource;
  /** What makes offers of products that a notice brings. */
  offers: Pick<ODataSourceOptions, "downloadUrl" | "query" | "maker">;
  close(): Promise<void>;
}

export async function openFeed(definition: FeedDefinition, io: HttpIo): Promise<Feed> {
  const { source, keep, download } = definition;
  const maker = {
    footprinter: createFootprinter(definition.cellOrder),
    test: createRowTest({
      tiles: keep.tilesFile === undefined ? undefined : readTiles(keep.tilesFile),
      recentDays: keep.recentDays,
      bbox: keep.bbox,
      cloudAtMost: keep.cloudAtMost,
    }),
    download: download === undefined ? () => [] : assetTasks,
  };
  const { collection, productType, filter } = source;
  const offers = { downloadUrl: source.downloadUrl, query: { collection, productType, filter }, maker };
  const engine = await openLedger({ address: definition.ledger, exclusive: definition.exclusive });
  await engine.transaction((sql) =>
    ensureFeed(sql, definition.name, definition.startMs, JSON.stringify(source))
  );
  return {
    definition,
    engine,
    source: odataSource({ url: source.url, io, ...offers }),
    offers,
    close: () => engine.close(),
  };
}

/** Tiles one a line; `#` begins a remark. */
function readTiles(file: string): Set<string> {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw inputError(
      `${file}: cannot read the list of tiles (${systemCode(error) ?? (error as Error).message})`,
    );
  }
  const tiles = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const tile = line.replace(/#.*/, "").trim().replace(/^T(?=\d)/, "");
    if (tile === "") continue;
    if (!/^\d\d[C-HJ-NP-X][A-HJ-NP-Z]{2}$/.test(tile)) {
      throw inputError(`${file}:${index + 1}: "${tile.slice(0, 20)}" is no MGRS tile (wanted such as 28PHQ)`);
    }
    tiles.add(tile);
  }
  if (tiles.size === 0) throw inputError(`${file}: names no tile`);
  return tiles;
}
