import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { openCatalog } from "../../../../catalog/open.ts";
import { writeCatalog } from "../../../../catalog/write.ts";
import {
  addRemoteOptions,
  discoverRemote,
  harvestFolder,
  type RemoteFlags,
  type RemoteSource,
} from "../../../../cli/commands/catalog_build_remote.ts";
import type { CliContext } from "../../../../cli/context.ts";
import { startCmr } from "../../../support/cmr_server.ts";

function contextWith(messages: string[]): CliContext {
  const log = {
    info: (message: string) => void messages.push(message),
    warn: (message: string) => void messages.push(message),
    error: (message: string) => void messages.push(message),
    progress: () => ({ update: () => {}, end: () => {} }),
    quiet: false,
  };
  return { log, signal: new AbortController().signal, env: {}, json: false } as unknown as CliContext;
}

function parse(...words: string[]): RemoteFlags {
  const command: Command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addRemoteOptions(command);
  command.option("--bbox <box>").option("--polygon <file>");
  return command.parse(words, { from: "user" }).opts() as RemoteFlags;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-build-"));
  try {
    await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const item = (id: number, revision: number, size: number) => ({
  meta: {
    "concept-id": `G${id}-PROV`,
    "concept-type": "granule",
    "provider-id": "PROV",
    "revision-id": revision,
    "collection-concept-id": "C1-PROV",
  },
  umm: {
    GranuleUR: `g${id}`,
    CollectionReference: { ShortName: "ATL06", Version: "006" },
    RelatedUrls: [{ URL: `s3://bucket/P/g${id}.h5`, Type: "GET DATA" }],
    TemporalExtent: { SingleDateTime: "2020-01-01T00:00:00Z" },
    DataGranule: { ArchiveAndDistributionInformation: [{ Name: `g${id}.h5`, SizeInBytes: size }] },
  },
});
const page = (...items: unknown[]) => JSON.stringify({ items });

Deno.test("flags become the parameters that CMR is asked with", () =>
  withFolder(async (folder) => {
    const server = await startCmr({ pages: [page(item(1, 1, 5))] });
    try {
      const flags = parse(
        ...["--short-name", "ATL06", "--version", "006", "--provider", "A,B", "--cycle", "20-22"],
        ...["--start", "2023-12-18", "--bbox", "170,-80,-170,-70", "--cmr-url", server.url],
      );
      const output = path.join(folder, "x.parquet");
      const found = await discoverRemote("cmr", [], flags, contextWith([]), { cellOrder: 6, output });
      const written = await writeCatalog(output, found.rows, {
        cellOrder: 6,
        queries: () => [found.query()],
      });
      assert.equal(written.rows, 1);
      assert.ok(fs.existsSync(harvestFolder(output)), "answers are kept until the output is there");
      found.finished();
      assert.deepEqual(fs.readdirSync(folder), ["x.parquet"]);
      const asked = server.asked[0]!.url.searchParams;
      assert.deepEqual(asked.getAll("provider[]"), ["A", "B"]);
      assert.equal(asked.getAll("readable_granule_name[]").length, 3);
      assert.equal(asked.get("bounding_box[]"), "170,-80,-170,-70");
    } finally {
      await server.close();
    }
  }));

Deno.test("a catalog is brought up to date: what changed comes, what was deleted goes", () =>
  withFolder(async (folder) => {
    const output = path.join(folder, "x.parquet");
    let serving = 0;
    const answers = [page(item(1, 1, 5), item(2, 1, 5), item(3, 1, 5)), page(item(2, 2, 7), item(4, 1, 5))];
    const server = await startCmr({
      get pages() {
        return [answers[serving]!];
      },
      hits: 2,
      deleted: JSON.stringify([{ "granule-ur": "g3", "concept-id": "G3-PROV", "provider-id": "PROV" }]),
    });
    try {
      const flags = parse("--short-name", "ATL06", "--cmr-url", server.url);
      const context = contextWith([]);
      const first = await discoverRemote("cmr", [], flags, context, { cellOrder: 6, output });
      await writeCatalog(output, first.rows, { cellOrder: 6, queries: () => [first.query()] });
      first.finished();

      const { discoverUpdate } = await import("../../../../catalog/sources/discover_update.ts");
      const { defaultHttpIo } = await import("../../../../catalog/sources/http_text.ts");
      const asked = new Date().toISOString();
      const catalog = await openCatalog(output);
      try {
        serving = 1;
        const update = discoverUpdate(catalog, defaultHttpIo(), { cellOrder: 6, removeDeleted: true, asked });
        const file = path.join(folder, "y.parquet");
        await writeCatalog(file, update.rows, { cellOrder: 6, queries: () => update.queries() });
        assert.deepEqual(update.counts, { changed: 2, deleted: 1 });
        const since = server.asked.at(-2)!.url.searchParams.get("revision_date[]")!;
        assert.ok(Date.parse(since.slice(0, -1)) < Date.parse(catalog.metadata.queries[0]!.asked!));
      } finally {
        catalog.close();
      }
      const updated = await openCatalog(path.join(folder, "y.parquet"));
      try {
        const rows: [string, number | null][] = [];
        for await (const chunk of updated.rows()) {
          rows.push(...chunk.rows.map((row) => [row.id, row.size_bytes] as [string, number | null]));
        }
        assert.deepEqual(rows.sort(), [["g1", 5], ["g2", 7], ["g4", 5]]);
        assert.equal(updated.metadata.queries.length, 2);
      } finally {
        updated.close();
      }
    } finally {
      await server.close();
    }
  }));

Deno.test("flags of one source are refused by the others, with a way out", async () => {
  const refused: [RemoteSource, string[], string[], RegExp][] = [
    ["cmr", ["answer.json"], ["--short-name", "X"], /saved answers are --from cmr-json/],
    ["cmr", [], ["--collection", "X"], /--short-name/],
    ["cmr", [], [], /needs a short name/],
    ["cmr-json", ["a.json"], ["--short-name", "X"], /--short-name is a question to CMR.*--collection/],
    ["stac", ["a.json"], ["--cmr-url", "http://h"], /--cmr-url is a question to CMR/],
    ["stac", ["a.json"], ["--bbox", "1,2,3"], /not four numbers/],
    ["stac", ["a.json"], ["--polygon", "/nowhere.geojson"], /cannot be read \(ENOENT\)/],
  ];
  for (const [source, inputs, words, wanted] of refused) {
    await assert.rejects(async () => {
      const target = { cellOrder: 6, output: "/nowhere/x.parquet" };
      const found = await discoverRemote(source, inputs, parse(...words), contextWith([]), target);
      for await (const _ of found.rows) { /* never */ }
    }, wanted);
  }
});

Deno.test("flags without sense are refused where they are parsed", () => {
  for (
    const words of [["--cycle", "0"], ["--cycle", "22-20"], ["--buffer", "-1"], ["--orbit", "92,94"], [
      "--short-name",
      ",",
    ]]
  ) {
    assert.throws(() => parse(...words), /argument|invalid|wanted/i, words.join(" "));
  }
  assert.deepEqual(parse("--cycle", "20-22,25").cycle, [20, 21, 22, 25]);
});
