import assert from "node:assert/strict";
import path from "node:path";
import { importCatalog } from "../../../../catalog/discover/import.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { locationsOf } from "../../../../catalog/locations.ts";
import { exportStacGeoparquet } from "../../../../catalog/write/export.ts";
import { sampleRow, withCatalog, withFolder } from "../sample.ts";

/** The rows of an export of `rows`, imported again. */
async function roundTrip(
  rows: GranuleRow[],
): Promise<{ back: GranuleRow[]; leftOut: Record<string, number> }> {
  return await withFolder((folder) =>
    withCatalog(rows, async (catalog) => {
      const file = path.join(folder, "items.parquet");
      const { leftOut } = await exportStacGeoparquet(catalog, file);
      const back: GranuleRow[] = [];
      for await (const row of importCatalog(file, { cellOrder: 8 }).rows) back.push(row);
      return { back: back.toSorted((a, b) => a.id < b.id ? -1 : 1), leftOut };
    })
  );
}

const local = { s3_base: null, https_base: null, local_base: "/data/a b/" };
const asset = {
  key: "B02",
  path: "x/b02.tif",
  media_type: "image/tiff",
  size_bytes: 7,
  checksum: null,
  s3_href: null,
  https_href: null,
  local_href: null,
  s3_credentials: null,
};

Deno.test("a catalog of this machine's files comes back with every location, by file URLs", async () => {
  const rows = [
    sampleRow({ id: "1", ...local, path: "t/1é#.h5", provider: "local" }),
    sampleRow({
      id: "2",
      ...local,
      path: "x/b02.tif",
      assets: [asset, { ...asset, key: "B03", path: "x/b03.tif" }],
    }),
    sampleRow({ id: "3", local_base: "/mirror/TESTER/TEST.001/", path: "a/g3.h5" }),
  ];
  const { back } = await roundTrip(rows);
  assert.equal(back.length, 3);
  for (const [i, row] of back.entries()) {
    for (const driver of ["local", "https", "s3"] as const) {
      assert.deepEqual(locationsOf(row, driver), locationsOf(rows[i], driver), `${row.id} ${driver}`);
    }
    assert.equal(row.provider, rows[i].provider);
  }
});

Deno.test("properties keep their types, also where a column must hold several", async () => {
  const properties = [
    {
      n: 1,
      x: 1.5,
      flag: true,
      list: [1, 2],
      deep: { a: [{ b: "c" }], k: 2 },
      created: "2020-01-02T03:04:05Z",
    },
    {
      n: 2 ** 40,
      x: 2,
      list: [],
      deep: { z: "only here" },
      both: "text",
      created: "2021-01-02T03:04:05.250Z",
    },
    { both: { a: 1 }, mixed_list: [1, "a", null], 'odd "name"': "é" },
  ];
  const { back } = await roundTrip(properties.map((one, i) => sampleRow({ id: `${i}`, properties: one })));
  const wanted = structuredClone(properties) as Record<string, unknown>[];
  delete wanted[1]?.list; // empty lists are as good as none
  for (const [i, row] of back.entries()) {
    const { stac_version: _, ...found } = row.properties;
    assert.deepEqual(found, wanted[i]);
  }
});

Deno.test("access, revision and concept id come back, as do several checksums", async () => {
  const row = sampleRow({
    concept_id: "G1-X",
    revision: 7,
    s3_credentials: "https://h.example/s3credentials",
    s3_region: "us-west-2",
    s3_access: "signed",
    checksum: `sha256:${"0a".repeat(32)}`,
  });
  const { back: [found] } = await roundTrip([row, sampleRow({ id: "other", checksum: null })]);
  for (
    const name of ["concept_id", "revision", "s3_credentials", "s3_region", "s3_access", "checksum"] as const
  ) {
    assert.equal(found[name], row[name], name);
  }
});

Deno.test("what no column of items takes is left out and counted", async () => {
  const { back, leftOut } = await roundTrip([
    sampleRow({ properties: { created: "yesterday", "proj:geometry": "no", geometry: 1, kept: 1 } }),
  ]);
  assert.deepEqual(Object.values(leftOut), [1, 1, 1]);
  assert.equal(back[0].properties.kept, 1);
  assert.ok(!("created" in back[0].properties));
});
