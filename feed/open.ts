/** A feed ready to work: its ledger open, its source at hand. */
import crypto from "node:crypto";
import fs from "node:fs";
import { inputError, systemCode } from "../core/errors.ts";
import type { ObjectTarget } from "../core/access/object_target.ts";
import { SourceOpener } from "../core/access/open.ts";
import { openTarget } from "../core/access/targets.ts";
import { readPolygonFile } from "../core/vector/area_file.ts";
import type { FeedDefinition } from "./definition/parse.ts";
import type { Deadline } from "./follow/deadline.ts";
import { rememberedSubscription } from "./ledger/subscriptions.ts";
import { CdseSubscriptions } from "./subscriptions/cdse.ts";
import { pullNotices } from "./subscriptions/pull.ts";
import type { FollowSource } from "./follow/source.ts";
import type { Engine } from "./ledger/engine.ts";
import { openLedger } from "./ledger/open.ts";
import { ensureFeed, feedProgress } from "./ledger/progress.ts";
import type { NoticeReader } from "./sources/notice.ts";
import { type OpenedSource, openSource, type SourceContext } from "./sources/open_source.ts";
import { openRowCondition } from "../catalog/query/row_condition.ts";
import { createRowTest } from "./sources/row_test.ts";

export interface Feed {
  definition: FeedDefinition;
  engine: Engine;
  source: FollowSource;
  readNotice: NoticeReader;
  /** What tells the rules of what is kept from any others. */
  rules: string;
  offerAgain: OpenedSource["offerAgain"];
  /** Where the live catalog lies, if the feed keeps one. */
  catalog: ObjectTarget | undefined;
  /** Reads the queue of the feed's subscription, where it has one; returns how many notices came. */
  pull(deadline: Deadline): Promise<number>;
  close(): Promise<void>;
}

export async function openFeed(
  definition: FeedDefinition,
  context: Omit<SourceContext, "test" | "condition">,
): Promise<Feed> {
  const { keep } = definition;
  const test = createRowTest({
    tiles: keep.tilesFile === undefined ? undefined : readTiles(keep.tilesFile),
    recentDays: keep.recentDays,
    bbox: keep.bbox,
    polygon: keep.polygonFile === undefined ? undefined : await readPolygonFile(keep.polygonFile),
    cloudAtMost: keep.cloudAtMost,
  });
  const condition = keep.where === undefined ? undefined : await openRowCondition(keep.where, "keep.where");
  try {
    const opened = openSource(definition, { ...context, test, condition });
    const engine = await openLedger({ address: definition.ledger, exclusive: definition.exclusive });
    const { name, startMs } = definition;
    // A feed that is known is not written again: reading it does not wait for its writers.
    if (await engine.snapshot((sql) => feedProgress(sql, name)) === null) {
      await engine.transaction((sql) => ensureFeed(sql, name, startMs, JSON.stringify(definition.source)));
    }
    return feedOf(definition, context, engine, opened, () => condition?.close());
  } catch (error) {
    condition?.close();
    throw error;
  }
}

function feedOf(
  definition: FeedDefinition,
  context: Pick<SourceContext, "io" | "env" | "warn">,
  engine: Engine,
  opened: OpenedSource,
  closeRest: () => void,
): Feed {
  const { source, readNotice, offerAgain } = opened;
  return {
    definition,
    engine,
    source,
    readNotice,
    rules: rulesOf(definition.keep),
    offerAgain,
    catalog: definition.catalog === undefined ? undefined : openTarget(
      definition.catalog,
      new SourceOpener({ env: context.env, signal: context.io.signal, warn: context.warn }),
    ),
    async pull(deadline) {
      const { source, name } = definition;
      const id = await engine.snapshot((sql) => rememberedSubscription(sql, name));
      if (id === null || source.from !== "cdse") return 0;
      const subscriptions = new CdseSubscriptions(source, context.io, context.env);
      return await pullNotices(engine, name, subscriptions, id, deadline);
    },
    async close() {
      await opened.close?.();
      closeRest();
      await engine.close();
    },
  };
}

/** A digest of what is kept, with what the files say that it names. */
function rulesOf({ tilesFile, polygonFile, ...rest }: FeedDefinition["keep"]): string {
  const files = [
    tilesFile === undefined ? null : [...readTiles(tilesFile)].sort(),
    polygonFile === undefined ? null : fs.readFileSync(polygonFile, "utf8"),
  ];
  const members = Object.entries(rest).filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return crypto.createHash("sha256").update(JSON.stringify([members, files])).digest("hex");
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
