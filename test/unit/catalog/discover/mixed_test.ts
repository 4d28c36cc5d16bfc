import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { parseCmrAnswer, readDrafts } from "../../../../catalog/discover/cmr/cmr_answer.ts";
import { finishRow } from "../../../../catalog/discover/draft/draft.ts";
import { createFootprinter } from "../../../../catalog/discover/draft/footprinter.ts";
import { parseStac, readStacDrafts } from "../../../../catalog/discover/stac/stac.ts";
import { Tally } from "../../../../catalog/discover/draft/tally.ts";
import { granuleUrls } from "../../../../catalog/query/urls.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { answerText, rawItems } from "../../../support/cmr_server.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

const CMR = [
  "cmr/Daymet_Daily_V4R1_2129_umm.json",
  "cmr/G1593453400-LAADS_umm.json",
  "cmr/GPM_3IMERGHH_umm.json",
  "cmr/NLDAS_NOAH0125_H_umm.json",
  "cmr/atl03_umm.json",
  "cmr/atl06_umm.json",
  "cmr/atl08_umm.json",
  "cmr/http/earthaccess_TELLUS_GRAC_POCLOUD_02.json",
  "cmr/http/python_cmr_LAADS_MOD02QKM_01.json",
  "cmr/http/titiler_cmr_test_get_assets_01.json",
  "cmr/http/titiler_cmr_test_timeseries_query_no_step_01.json",
  "cmr/http/titiler_cmr_test_timeseries_query_no_step_03.json",
];
const STAC = "stac/earth_search_multi_collections_01.json";

/** Data links of a UMM item as its raw JSON has them. */
// deno-lint-ignore no-explicit-any
function rawLinks(item: any): string[] {
  return item.umm.RelatedUrls
    .filter((one: { Type: string }) => /^GET DATA( VIA DIRECT ACCESS)?$/.test(one.Type))
    .map((one: { URL: string }) => one.URL)
    .filter((url: string) => !url.endsWith(".sha256"));
}

Deno.test({
  name: "in a catalog of eight providers every URL is the one in its source, for both drivers",
  ignore: !hasSharedData,
  fn: async () => {
    const tally = new Tally();
    const footprinter = createFootprinter(6);
    const rows: GranuleRow[] = [];
    const expected = new Map<string, string[]>();
    for (const file of CMR) {
      for (const draft of readDrafts(parseCmrAnswer(answerText(file), file), { tally })) {
        rows.push(finishRow(draft, footprinter, tally)!);
      }
      for (const item of rawItems(file)) expected.set(item.umm.GranuleUR, rawLinks(item));
    }
    const stac = fs.readFileSync(sharedData(STAC), "utf8");
    for (const draft of readStacDrafts(parseStac(stac, STAC), { tally })) {
      rows.push(finishRow(draft, footprinter, tally)!);
    }
    // deno-lint-ignore no-explicit-any
    for (const { id, assets } of JSON.parse(stac).response.body.features as any[]) {
      const data = Object.entries<{ href: string; roles: string[] }>(assets)
        .filter(([key, asset]) =>
          asset.roles.includes("data") || /^(qa|atmos|cloud|cdist|emis|emsd|trad|urad|drad)/.test(key)
        )
        .map(([, asset]) => asset.href);
      expected.set(id, data);
    }
    const providers = new Set(rows.map((row) => row.provider));
    assert.ok(providers.size >= 8, [...providers].join());

    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-mixed-"));
    try {
      const file = path.join(folder, "mixed.parquet");
      const queries =
        () => [{ source: "cmr-json", parameters: { files: CMR.length }, set_aside: tally.toJSON() }];
      await writeCatalog(file, rows, { cellOrder: 6, queries });
      const catalog = await openCatalog(file);
      try {
        const found = new Map<string, string[]>();
        for (const driver of ["s3", "https"] as const) {
          for await (const { id, urls } of granuleUrls(catalog, driver)) {
            for (const url of urls) assert.ok(url.startsWith(driver === "s3" ? "s3://" : "http"), url);
            found.set(id, [...found.get(id) ?? [], ...urls]);
          }
        }
        assert.equal(found.size, expected.size);
        for (const [id, urls] of expected) assert.deepEqual(found.get(id)!.sort(), urls.sort(), id);
        assert.deepEqual(catalog.metadata.queries[0].set_aside, tally.toJSON());
      } finally {
        catalog.close();
      }
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
});

Deno.test("equal paths of two providers stay two granules with their own bases", () => {
  const item = (provider: string, host: string, bucket: string) => ({
    meta: { "concept-id": `G1-${provider}`, "provider-id": provider, "revision-id": 1 },
    umm: {
      GranuleUR: "x.h5",
      CollectionReference: { ShortName: `P_${provider}`, Version: "1" },
      RelatedUrls: [
        { URL: `https://${host}/${bucket}/P/x.h5`, Type: "GET DATA" },
        { URL: `s3://${bucket}/P/x.h5`, Type: "GET DATA VIA DIRECT ACCESS" },
      ],
    },
  });
  const text = JSON.stringify({
    items: [item("ONE", "one.example", "b1"), item("TWO", "two.example", "b2")],
  });
  const rows = [...readDrafts(parseCmrAnswer(text, "x"), { tally: new Tally() })].map(({ row }) => row);
  assert.deepEqual(rows.map((row) => [row.provider, row.s3_base, row.https_base, row.path]), [
    ["ONE", "s3://b1/", "https://one.example/b1/", "P/x.h5"],
    ["TWO", "s3://b2/", "https://two.example/b2/", "P/x.h5"],
  ]);
});
