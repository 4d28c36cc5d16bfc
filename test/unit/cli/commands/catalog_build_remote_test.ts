import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { addCatalogBuild } from "../../../../cli/commands/catalog_build.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
import { startCmr } from "../../../support/cmr_server.ts";
import { startStac } from "../../../support/stac_server.ts";

interface Printed {
  messages: string[];
  json: unknown[];
}

function contextWith(reported: Printed): CliContext {
  const tell = (message: string) => void reported.messages.push(message);
  return {
    log: {
      info: tell,
      warn: tell,
      error: tell,
      progress: () => ({ update: () => {}, end: () => {} }),
      quiet: false,
    },
    out: {
      json: (value: unknown) => void reported.json.push(value),
      write: () => {},
      table: () => {},
      isTerminal: false,
    },
    signal: new AbortController().signal,
    env: {},
    json: true,
  };
}

/** Runs `catalog build` with the words given. */
async function build(...words: string[]): Promise<Printed> {
  const reported: Printed = { messages: [], json: [] };
  const catalog: Command = new Command("catalog");
  addCatalogBuild(catalog, contextWith(reported));
  for (const command of [catalog, ...catalog.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  }
  await catalog.parseAsync(["build", ...words], { from: "user" });
  return reported;
}

async function rowsOf(file: string): Promise<[string, number | null][]> {
  const catalog = await openCatalog(file);
  try {
    const rows: [string, number | null][] = [];
    for await (const chunk of catalog.rows()) {
      for (const row of chunk.rows) rows.push([row.id, row.size_bytes]);
    }
    return rows.sort();
  } finally {
    catalog.close();
  }
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-build-"));
  try {
    await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const item = (id: number, revision: number, size: number, west = 0) => ({
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
    SpatialExtent: {
      HorizontalSpatialDomain: {
        Geometry: {
          BoundingRectangles: [{
            WestBoundingCoordinate: west,
            EastBoundingCoordinate: west + 1,
            SouthBoundingCoordinate: -80,
            NorthBoundingCoordinate: -79,
          }],
        },
      },
    },
  },
});
const page = (...items: unknown[]) => JSON.stringify({ items });

Deno.test("flags become the parameters that CMR is asked with", () =>
  withFolder(async (folder) => {
    const server = await startCmr({ pages: [page(item(1, 1, 5)), page({ umm: {} })] });
    const output = path.join(folder, "x.parquet");
    try {
      const reported = await build(
        ...[
          "--from",
          "cmr",
          "--short-name",
          "ATL06",
          "--version",
          "006",
          "--provider",
          "A,B",
          "--cycle",
          "20-22",
        ],
        ...["--start", "2023-12-18", "--bbox", "170,-80,-170,-70", "--cmr-url", server.url, "-o", output],
      );
      assert.deepEqual(await rowsOf(output), [["g1", 5]]);
      assert.match(reported.messages.join("\n"), /1 granule set aside: no granule id/);
      assert.deepEqual(fs.readdirSync(folder), ["x.parquet"], "answers that were kept are gone");
      const asked = server.asked[0].url.searchParams;
      assert.deepEqual(asked.getAll("provider[]"), ["A", "B"]);
      assert.equal(asked.getAll("readable_granule_name[]").length, 3);
      assert.equal(asked.get("bounding_box[]"), "170,-80,-170,-70");
    } finally {
      await server.close();
    }
  }));

Deno.test("answers are kept when the harvest fails, and the next build asks for the rest", () =>
  withFolder(async (folder) => {
    const output = path.join(folder, "x.parquet");
    const server = await startCmr({
      pages: [page(item(1, 1, 5)), page(item(2, 1, 5))],
      // The second request is for the collection, the third for the second page.
      faults: { 2: { status: 400, body: '{"errors":["no"]}' } },
    });
    try {
      const words = ["--from", "cmr", "--short-name", "ATL06", "--cmr-url", server.url, "-o", output];
      await assert.rejects(build(...words), /answered 400/);
      assert.deepEqual(fs.readdirSync(folder), ["x.parquet.harvest"]);
      const before = server.asked.length;
      await build(...words);
      const granules = server.asked.slice(before).filter((one) =>
        one.url.pathname.endsWith("granules.umm_json")
      );
      assert.deepEqual(granules.map((one) => one.headers["cmr-search-after"]), ['["page",1]']);
      assert.deepEqual(await rowsOf(output), [["g1", 5], ["g2", 5]]);
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
        return [answers[serving]];
      },
      hits: 2,
      deleted: JSON.stringify([{ "granule-ur": "g3", "concept-id": "G3-PROV", "provider-id": "PROV" }]),
    });
    try {
      await build(
        ...[
          "--from",
          "cmr",
          "--short-name",
          "ATL06",
          "--cmr-url",
          server.url,
          "--cell-order",
          "6",
          "-o",
          output,
        ],
      );
      serving = 1;
      const asked = server.asked.length;
      const reported = await build("--from", "cmr", "--update", "--remove-deleted", "-o", output);
      assert.deepEqual(await rowsOf(output), [["g1", 5], ["g2", 7], ["g4", 5]]);
      assert.match(reported.messages.join("\n"), /their source deleted 1 granule$/m);
      const since = server.asked.slice(asked).map((one) => one.url.searchParams.get("revision_date[]")).find((
        one,
      ) => one);
      assert.ok(Date.parse(since!.slice(0, -1)) < Date.now());
      const catalog = await openCatalog(output);
      assert.equal(catalog.metadata.cell_order, 6);
      assert.equal(catalog.metadata.queries.length, 1);
      catalog.close();
    } finally {
      await server.close();
    }
  }));

Deno.test("a region that is too long to ask with is asked by its box and tested here", () =>
  withFolder(async (folder) => {
    const output = path.join(folder, "x.parquet");
    const server = await startCmr({ pages: [page(item(1, 1, 5, 90), item(2, 1, 5, -175))] });
    try {
      await build(...[
        "--from",
        "cmr",
        "--short-name",
        "ATL06",
        "--region",
        "antarctica",
        "--cmr-url",
        server.url,
        "-o",
        output,
      ]);
      const box = server.asked[0].url.searchParams.getAll("bounding_box[]");
      assert.ok(box.some((one) => /^-180,-90,180,-6\d/.test(one)), box.join(" "));
      assert.ok((await rowsOf(output)).some(([id]) => id === "g1"));
    } finally {
      await server.close();
    }
  }));

Deno.test("saved answers and searches of STAC become catalogs", () =>
  withFolder(async (folder) => {
    const answer = path.join(folder, "a.json");
    fs.writeFileSync(answer, page(item(1, 1, 5), item(2, 1, 5, 90)));
    const output = path.join(folder, "x.parquet");
    await build("--from", "cmr-json", answer, "--bbox", "89,-81,92,-78", "-o", output);
    assert.deepEqual(await rowsOf(output), [["g2", 5]]);
    const stac = {
      type: "Feature",
      id: "s",
      collection: "c",
      geometry: { type: "Point", coordinates: [1, 2] },
      properties: { datetime: "2024-01-01T00:00:00Z" },
      assets: { data: { href: "https://h.example/c/s.tif" } },
    };
    const server = await startStac({ pages: [[stac]], method: "GET" });
    try {
      await build("--from", "stac", `${server.url}/`, "--collection", "c", "-o", output, "--overwrite");
      assert.deepEqual(await rowsOf(output), [["s", null]]);
    } finally {
      await server.close();
    }
  }));
