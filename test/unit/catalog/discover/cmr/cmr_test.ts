import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { GranaryError } from "../../../../../core/errors.ts";
import { HttpClient } from "../../../../../core/access/http.ts";
import { type CmrPage, cmrRows, fetchDeleted, harvestCmr } from "../../../../../catalog/discover/cmr/cmr.ts";
import { parseCmrAnswer, readDrafts } from "../../../../../catalog/discover/cmr/cmr_answer.ts";
import type { Draft } from "../../../../../catalog/discover/draft/draft.ts";
import { removeHarvest } from "../../../../../catalog/discover/cmr/harvest_state.ts";
import type { HttpIo } from "../../../../../catalog/discover/draft/http_text.ts";
import { Tally } from "../../../../../catalog/discover/draft/tally.ts";
import { answerText, startCassettes, startCmr } from "../../../../support/cmr_server.ts";
import type { TestServer } from "../../../../support/http_server.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";

const query = { shortNames: ["P"] };

function quickIo(signal?: AbortSignal): HttpIo {
  return {
    client: new HttpClient(),
    retry: { attempts: 4, baseMs: 1, capMs: 5, longestRetryAfterMs: 2000 },
    signal,
  };
}

/** A page of `count` granules, numbered from `from`. */
function page(from: number, count: number): string {
  const items = Array.from({ length: count }, (_, i) => ({
    meta: {
      "concept-id": `G${from + i}-PROV`,
      "revision-id": 1,
      "provider-id": "PROV",
      "collection-concept-id": "C1-PROV",
    },
    umm: {
      GranuleUR: `g${from + i}`,
      CollectionReference: { ShortName: "P", Version: "1" },
      RelatedUrls: [{ URL: `s3://bucket/P/g${from + i}.h5`, Type: "GET DATA VIA DIRECT ACCESS" }],
      TemporalExtent: { SingleDateTime: "2020-01-01T00:00:00Z" },
    },
  }));
  return JSON.stringify({ hits: 0, items });
}

const PAGES = [page(1, 3), page(4, 3), page(7, 2)];

async function pagesOf(server: TestServer, io: HttpIo = quickIo(), options = {}): Promise<CmrPage[]> {
  const pages: CmrPage[] = [];
  for await (const one of harvestCmr(query, io, { url: `${server.url}/search`, ...options })) pages.push(one);
  return pages;
}

async function rowsOf(server: TestServer, tally = new Tally(), options = {}): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for await (const one of cmrRows(query, quickIo(), { tally }, { url: `${server.url}/search`, ...options })) {
    drafts.push(one);
  }
  return drafts;
}

async function withServer(
  server: Promise<TestServer>,
  run: (server: TestServer) => Promise<void>,
): Promise<void> {
  const started = await server;
  try {
    await run(started);
  } finally {
    await started.close();
  }
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-harvest-"));
  try {
    await run(path.join(folder, "kept"));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

for (const emptyLastPage of [false, true]) {
  Deno.test(`a harvest goes page by page to the end (empty last page: ${emptyLastPage})`, () =>
    withServer(startCmr({ pages: PAGES, emptyLastPage }), async (server) => {
      const progress: [number, number][] = [];
      const onProgress = (received: number, hits: number) => progress.push([received, hits]);
      const pages = await pagesOf(server, quickIo(), { onProgress });
      assert.equal(pages.reduce((sum, one) => sum + one.answer.items.length, 0), 8);
      assert.deepEqual(progress.at(-1), [8, 8]);
      const [first, second] = server.asked;
      assert.equal(first.url.searchParams.get("page_size"), "2000");
      assert.equal(first.headers["client-id"], "granary");
      assert.equal(first.headers["cmr-search-after"], undefined);
      assert.equal(second.headers["cmr-search-after"], '["page",1]');
      assert.equal(second.url.search, first.url.search);
    }));
}

Deno.test("one request at a time", () =>
  withServer(startCmr({ pages: PAGES }), async (server) => {
    let pages = 0;
    for await (const _ of harvestCmr(query, quickIo(), { url: server.url })) {
      pages += 1;
      assert.equal(server.asked.length, pages);
    }
  }));

Deno.test("429 and 5xx answers and dropped connections are waited out", () =>
  withServer(
    startCmr({
      pages: PAGES,
      faults: {
        0: { status: 429, headers: { "retry-after": "0" }, body: '{"errors":["slow down"]}' },
        1: { status: 503, headers: { "retry-after": "1" } },
        3: { drop: "at once" },
        4: { drop: "in the body", body: PAGES[1] },
        6: { status: 500, body: "oops" },
      },
    }),
    async (server) => {
      const before = Date.now();
      const pages = await pagesOf(server);
      assert.equal(pages.at(-1)!.received, 8);
      assert.ok(Date.now() - before >= 1000, "retry-after is kept");
    },
  ));

Deno.test("gzipped answers are read, and one that is cut off is asked for again", () =>
  withServer(
    startCmr({
      pages: PAGES,
      faults: {
        0: { body: PAGES[0], gzip: true, drop: "in the body" },
        1: { body: PAGES[0], gzip: true, headers: { "cmr-hits": "8", "cmr-search-after": '["page",1]' } },
      },
    }),
    async (server) => {
      assert.equal((await pagesOf(server)).at(-1)!.received, 8);
      assert.match(String(server.asked[0].headers["accept-encoding"]), /gzip/);
      assert.equal(server.asked.length, 4);
    },
  ));

Deno.test("a server that stays busy is given up with its reason", () =>
  withServer(
    startCmr({
      pages: PAGES,
      faults: Object.fromEntries(
        [0, 1, 2, 3].map((n) => [n, { status: 429, headers: { "retry-after": "0" } }]),
      ),
    }),
    async (server) => {
      await assert.rejects(pagesOf(server), (error: unknown) => {
        assert.ok(error instanceof GranaryError && error.tag === "io");
        assert.match(error.message, /granules\.umm_json page 1: the server answered 429, 4 times/);
        return true;
      });
      assert.equal(server.asked.length, 4);
    },
  ));

Deno.test("a server that asks for too long a wait is given up at once", () =>
  withServer(
    startCmr({ pages: PAGES, faults: { 0: { status: 429, headers: { "retry-after": "3600" } } } }),
    async (server) => {
      await assert.rejects(pagesOf(server), /asks to wait 3600 s/);
      assert.equal(server.asked.length, 1);
    },
  ));

Deno.test("a refused query ends with CMR's own words", () =>
  withServer(
    startCmr({
      pages: PAGES,
      faults: { 0: { status: 400, body: '{"errors":["Parameter [x] was not recognized."]}' } },
    }),
    async (server) => {
      await assert.rejects(pagesOf(server), (error: unknown) => {
        assert.ok(error instanceof GranaryError && error.tag === "input");
        assert.match(error.message, /400.*Parameter \[x\] was not recognized/);
        return true;
      });
    },
  ));

Deno.test("a collection that is not public is a matter of credentials, asked once", () =>
  withServer(
    startCmr({ pages: PAGES, faults: { 0: { status: 401, body: '{"errors":["no"]}' } } }),
    async (server) => {
      await assert.rejects(pagesOf(server), (error: unknown) =>
        error instanceof GranaryError && error.exitCode === 4);
      assert.equal(server.asked.length, 1);
    },
  ));

Deno.test("a total that never comes is an error that says both numbers", () =>
  withServer(startCmr({ pages: PAGES, hits: 10 }), async (server) => {
    await assert.rejects(pagesOf(server), (error: unknown) => {
      assert.ok(error instanceof GranaryError && error.tag === "io");
      assert.match(error.message, /counted 10 granules and 8 came/);
      return true;
    });
  }));

Deno.test("an answer without a total is refused", () =>
  withServer(
    startCmr({ pages: PAGES, faults: { 0: { body: '{"items": []}' } } }),
    async (server) => await assert.rejects(pagesOf(server), /no CMR-Hits/),
  ));

Deno.test("broken JSON, web pages and wrong shapes are errors", async () => {
  for (const body of ['{"items": [', "<!DOCTYPE html>", '{"items": {"a": 1}}', "7"]) {
    await withServer(
      startCmr({ pages: PAGES, faults: { 0: { body, headers: { "cmr-hits": "1" } } } }),
      async (server) => {
        await assert.rejects(
          pagesOf(server),
          (error: unknown) => error instanceof GranaryError && error.tag === "input",
        );
      },
    );
  }
});

Deno.test("a search-after that comes twice ends the harvest", () =>
  withServer(
    startCmr({
      pages: PAGES,
      faults: Object.fromEntries(
        [0, 1, 2].map((
          n,
        ) => [n, { body: PAGES[0], headers: { "cmr-hits": "99", "cmr-search-after": "[1]" } }]),
      ),
    }),
    async (server) => await assert.rejects(pagesOf(server), /same CMR-Search-After twice/),
  ));

Deno.test("an interrupted harvest goes on where it stopped", () =>
  withFolder((resumeDir) =>
    withServer(startCmr({ pages: PAGES }), async (server) => {
      const control = new AbortController();
      await assert.rejects(async () => {
        for await (const one of harvestCmr(query, quickIo(control.signal), { url: server.url, resumeDir })) {
          if (one.number === 2) control.abort();
        }
      }, (error: unknown) => error instanceof GranaryError && error.tag === "interrupted");
      assert.equal(server.asked.length, 2);

      const pages = await pagesOf(server, quickIo(), { url: server.url, resumeDir });
      assert.deepEqual(pages.map((one) => [one.answer.items.length, one.kept]), [[3, true], [3, true], [
        2,
        false,
      ]]);
      assert.equal(server.asked.length, 3);
      assert.equal(server.asked[2].headers["cmr-search-after"], '["page",2]');

      await pagesOf(server, quickIo(), { url: server.url, resumeDir });
      assert.equal(server.asked.length, 3, "a harvest that is whole asks for nothing");
      removeHarvest(resumeDir);
      assert.ok(!fs.existsSync(resumeDir));
    })
  ));

Deno.test("pages of another query are not used", () =>
  withFolder((resumeDir) =>
    withServer(startCmr({ pages: PAGES }), async (server) => {
      await pagesOf(server, quickIo(), { url: server.url, resumeDir });
      const drafts: CmrPage[] = [];
      const other = { ...query, versions: ["2"] };
      for await (const one of harvestCmr(other, quickIo(), { url: server.url, resumeDir })) drafts.push(one);
      assert.equal(server.asked.length, 6);
      assert.ok(drafts.every((one) => !one.kept));
    })
  ));

Deno.test("a lost page or a state cut off begins the harvest again", () =>
  withFolder((resumeDir) =>
    withServer(startCmr({ pages: PAGES }), async (server) => {
      await pagesOf(server, quickIo(), { url: server.url, resumeDir });
      fs.rmSync(path.join(resumeDir, "page-000002.json"));
      assert.equal((await pagesOf(server, quickIo(), { url: server.url, resumeDir })).at(-1)!.received, 8);
      fs.writeFileSync(path.join(resumeDir, "harvest.json"), '{"version": 1, "ke');
      assert.equal((await pagesOf(server, quickIo(), { url: server.url, resumeDir })).at(-1)!.received, 8);
      assert.equal(server.asked.length, 9);
    })
  ));

Deno.test("a total that did not arrive is asked for again by the next harvest", () =>
  withFolder((resumeDir) =>
    withServer(
      startCmr({ pages: PAGES, faults: { 2: { body: page(7, 1), headers: { "cmr-hits": "8" } } } }),
      async (server) => {
        await assert.rejects(
          pagesOf(server, quickIo(), { url: server.url, resumeDir }),
          /8 granules and 7 came/,
        );
        const pages = await pagesOf(server, quickIo(), { url: server.url, resumeDir });
        assert.equal(pages.at(-1)!.received, 8);
        assert.equal(server.asked.length, 4);
      },
    )
  ));

Deno.test("a long query is sent as a form", () =>
  withServer(startCmr({ pages: PAGES }), async (server) => {
    const shortNames = Array.from({ length: 200 }, (_, i) => `PRODUCT_${i}`);
    for await (const _ of harvestCmr({ shortNames }, quickIo(), { url: server.url })) {
      /* only the request matters */
    }
    assert.equal(server.asked[0].method, "POST");
    assert.equal(new URLSearchParams(server.asked[0].body).getAll("short_name[]").length, 200);
  }));

const COLLECTION = JSON.stringify({
  items: [{
    meta: { "concept-id": "C1-PROV" },
    umm: {
      ShortName: "P",
      Version: "1",
      DirectDistributionInformation: {
        Region: "us-east-1",
        S3CredentialsAPIEndpoint: "https://p.example/s3credentials",
      },
      SpatialExtent: { GranuleSpatialRepresentation: "CARTESIAN" },
    },
  }],
});

Deno.test("collections are asked for once and give credentials and region", () =>
  withServer(startCmr({ pages: PAGES, collections: COLLECTION }), async (server) => {
    const drafts = await rowsOf(server);
    assert.equal(drafts.length, 8);
    for (const { row } of drafts) {
      assert.deepEqual(
        [row.s3_credentials, row.s3_region, row.s3_access],
        ["https://p.example/s3credentials", "us-east-1", "signed"],
      );
    }
    const asked = server.asked.filter((one) => one.url.pathname.endsWith("collections.umm_json"));
    assert.deepEqual(asked.map((one) => one.url.searchParams.getAll("concept_id[]")), [["C1-PROV"]]);
  }));

Deno.test("rows come without their collections' facts, with a warning", () =>
  withServer(startCmr({ pages: PAGES }), async (server) => {
    const warnings: string[] = [];
    const drafts = await rowsOf(server, new Tally(), {
      onWarning: (message: string) => warnings.push(message),
    });
    assert.equal(drafts.length, 8);
    assert.equal(drafts[0].row.s3_credentials, null);
    assert.equal(warnings.length, 1);
  }));

Deno.test("an update asks only for what changed since", () =>
  withServer(startCmr({ pages: [page(1, 1)] }), async (server) => {
    for await (
      const _ of harvestCmr({ ...query, updatedSince: "2024-05-01" }, quickIo(), { url: server.url })
    ) { /* */ }
    assert.equal(server.asked[0].url.searchParams.get("revision_date[]"), "2024-05-01T00:00:00.000Z,");
  }));

Deno.test("deleted granules are those of the collections named", () =>
  withServer(
    startCmr({
      pages: [],
      deleted: JSON.stringify([
        {
          "granule-ur": "g1",
          "parent-collection-id": "C1-PROV",
          "concept-id": "G1-PROV",
          "provider-id": "PROV",
          "revision-date": "2024-05-01T00:00:00.000Z",
        },
        {
          "granule-ur": "g9",
          "parent-collection-id": "C9-PROV",
          "concept-id": "G9-PROV",
          "provider-id": "PROV",
        },
        { "concept-id": "G2-PROV" },
      ]),
    }),
    async (server) => {
      const since = new Date(Date.now() - 86_400_000).toISOString();
      const deleted = await fetchDeleted(since, ["C1-PROV"], quickIo(), { url: server.url });
      assert.deepEqual(deleted, [{
        id: "g1",
        conceptId: "G1-PROV",
        provider: "PROV",
        at: Date.UTC(2024, 4, 1),
      }]);
      await assert.rejects(
        fetchDeleted("2001-01-01", ["C1-PROV"], quickIo(), { url: server.url }),
        /remembers 365 days/,
      );
    },
  ));

Deno.test("a CMR URL that is none is refused without its query", async () => {
  for (const url of ["ftp://h", "cmr", "file:///x"]) {
    await assert.rejects(async () => {
      for await (const _ of harvestCmr(query, quickIo(), { url })) { /* never */ }
    }, /http or https URL/);
  }
});

const recorded = { ignore: !hasSharedData };

Deno.test({
  ...recorded,
  name: "every recorded UMM answer gives the same rows over HTTP as from its file",
  fn: async () => {
    const names = ["cmr", "cmr/http"].flatMap((folder) =>
      fs.readdirSync(sharedData(folder)).filter((name) => name.endsWith(".json")).map((name) =>
        `${folder}/${name}`
      )
    );
    let served = 0;
    for (const name of names) {
      const text = answerText(name);
      const items = JSON.parse(text).items;
      if (!Array.isArray(items)) continue;
      const tally = new Tally();
      const expected = [...readDrafts(parseCmrAnswer(text, name), { tally })];
      await withServer(startCmr({ pages: [text], emptyLastPage: true }), async (server) => {
        const counted = new Tally();
        assert.deepEqual(await rowsOf(server, counted), expected, name);
        assert.deepEqual(counted.toJSON(), tally.toJSON());
      });
      served += 1;
    }
    // 7 plain answers, 7 odd ones, one without hits, and 17 recorded exchanges.
    assert.equal(served, 32);
  },
});

Deno.test({
  ...recorded,
  name: "the recorded harvest of GRACE's 163 granules is whole",
  fn: () =>
    withServer(
      startCmr({
        pages: [answerText("cmr/http/earthaccess_TELLUS_GRAC_POCLOUD_02.json")],
        emptyLastPage: true,
      }),
      async (server) => {
        const tally = new Tally();
        const drafts = await rowsOf(server, tally);
        assert.equal(drafts.length, 163);
        assert.ok(drafts.every(({ row }) => row.assets.length === 3));
        assert.equal(tally.count("granule"), 0);
      },
    ),
});

Deno.test({
  ...recorded,
  name: "the recorded pages of MOD02QKM follow each other, and their total of 1,404,440 never comes",
  fn: () => {
    const files = Array.from(
      { length: 10 },
      (_, i) => `cmr/http/python_cmr_LAADS_MOD02QKM_${String(i + 1).padStart(2, "0")}.json`,
    );
    return withServer(startCassettes(files), async (server) => {
      const ids: string[] = [];
      await assert.rejects(async () => {
        for await (const one of harvestCmr(query, quickIo(), { url: server.url, pageSize: 2 })) {
          for (const item of one.answer.items) {
            ids.push((item as { umm: { GranuleUR: string } }).umm.GranuleUR);
          }
        }
      }, /the server answered 400 \("unknown search-after"\)/);
      assert.equal(new Set(ids).size, 20);
      assert.equal(server.asked.length, 11);
    });
  },
});
