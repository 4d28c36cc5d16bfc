/** A feed whose download queue holds files of an archive. */
import fs from "node:fs";
import path from "node:path";
import { parseFeed } from "../../feed/definition/parse.ts";
import { registerOffers } from "../../feed/ledger/register.ts";
import { type Feed, openFeed } from "../../feed/open.ts";
import { feedContext } from "./feed_context.ts";
import { madeOffer } from "./feed_offers.ts";
import type { ArchiveFile } from "./file_archive.ts";

/** Makes `feed.yaml` and its ledger in `folder`; files go to `files/N.bin` below it. */
export async function feedOfFiles(
  folder: string,
  files: readonly ArchiveFile[],
  sizeBytes: number | null,
): Promise<{ feed: Feed; file: string }> {
  const yaml = `
feed: files
source: {from: stac, url: http://127.0.0.1:1/, collections: [c]}
follow: {start: 2024-01-01}
download: {to: files}
`;
  const file = path.join(folder, "feed.yaml");
  fs.writeFileSync(file, yaml);
  const feed = await openFeed(parseFeed(yaml, file), feedContext());
  const offers = files.map(({ url, md5 }, index) => ({
    ...madeOffer({ id: `f${index}`, start: Date.UTC(2024, 0, 1) }),
    tasks: [{
      asset: "data",
      version: md5,
      work: JSON.stringify({ url, path: `${index}.bin`, sizeBytes, checksum: `md5:${md5}` }),
    }],
  }));
  await feed.engine.transaction((sql) => registerOffers(sql, "files", offers, 0));
  return { feed, file };
}
