import assert from "node:assert/strict";
import fs from "node:fs";
import { Ajv } from "ajv";
import { storeMetadata } from "../../../../core/store/metadata.ts";
import { fixtureSpec } from "../../../interop/store_fixture.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

function documents(): Map<string, Json> {
  const texts = storeMetadata(fixtureSpec("compact"));
  return new Map([...texts].map(([key, text]) => [key, JSON.parse(text)]));
}

Deno.test("there is a document for the root, each level and each array, the root last", () => {
  const keys = [...documents().keys()];
  assert.equal(keys.at(-1), "zarr.json");
  assert.equal(keys.length, 1 + 4 * (1 + 6));
  for (const name of ["cell_ids", "morton", "count", "h_mean", "h_best", "total"]) {
    assert.ok(keys.includes(`9/${name}/zarr.json`));
  }
});

Deno.test({
  name: "groups satisfy the published schemas of the dggs and multiscales conventions",
  ignore: !hasSharedData,
  fn() {
    const schema = (file: string) => JSON.parse(fs.readFileSync(sharedData(file), "utf8"));
    const ajv = new Ajv({ strict: false, formats: { uri: true } });
    const dggs = ajv.compile(schema("zarr/dggs/schema.json"));
    const multiscales = ajv.compile(schema("zarr/multiscales/schema.json"));
    for (const latitude of ["authalic", "geodetic"] as const) {
      const all = storeMetadata(fixtureSpec("sphere", latitude));
      assert.ok(multiscales(JSON.parse(all.get("zarr.json")!)), JSON.stringify(multiscales.errors));
      for (const order of [9, 6, 4, 2]) {
        assert.ok(dggs(JSON.parse(all.get(`${order}/zarr.json`)!)), JSON.stringify(dggs.errors));
      }
    }
    assert.equal(dggs({ zarr_format: 3, node_type: "group", attributes: {} }), false);
  },
});

Deno.test("consolidated metadata is inline, may be ignored, and repeats the documents", () => {
  const all = documents();
  const { kind, must_understand, metadata } = all.get("zarr.json").consolidated_metadata;
  assert.deepEqual([kind, must_understand], ["inline", false]);
  for (const [path, node] of Object.entries<Json>(metadata)) {
    const { consolidated_metadata: _, ...own } = all.get(`${path}/zarr.json`);
    assert.deepEqual(node, own);
  }
  assert.equal(Object.keys(metadata).length, all.size - 1);
  assert.deepEqual(all.get("9/zarr.json").consolidated_metadata.metadata.count, metadata["9/count"]);
});

Deno.test("arrays state dimension, fill value and codecs as Zarr v3 spells them", () => {
  const all = documents();
  assert.deepEqual(all.get("9/h_mean/zarr.json").dimension_names, ["cells"]);
  assert.equal(all.get("9/h_mean/zarr.json").fill_value, "NaN");
  assert.equal(all.get("9/count/zarr.json").fill_value, 0);
  assert.equal(all.get("9/h_best/zarr.json").fill_value, -9999);
  assert.equal(all.get("9/cell_ids/zarr.json").fill_value, 12 * 4 ** 9);
  const [sharding] = all.get("9/count/zarr.json").codecs;
  assert.equal(sharding.name, "sharding_indexed");
  assert.deepEqual(sharding.configuration.codecs.map((codec: Json) => codec.name), ["bytes", "zstd"]);
  assert.deepEqual(sharding.configuration.index_codecs.map((codec: Json) => codec.name), ["bytes", "crc32c"]);
});

Deno.test("the fill value of cell ids keeps its digits at the finest order", () => {
  const spec = { ...fixtureSpec("compact"), parentOrder: 24, levels: [29], morton: null };
  assert.match(storeMetadata(spec).get("29/cell_ids/zarr.json")!, /"fill_value": 3458764513820540928,/);
});

Deno.test("a fill value that the type does not have is refused by the variable's name", () => {
  const spec = fixtureSpec("compact");
  for (
    const [dtype, fillValue, message] of [
      ["int32", null, /variable bad: int32 has no NaN/],
      ["uint8", 300, /variable bad: fill value 300 does not fit uint8; wanted an integer from 0 to 255/],
      ["int16", 0.5, /variable bad: fill value 0.5 is not an integer/],
    ] as const
  ) {
    const variables = [{ name: "bad", dtype, fillValue, attributes: {} }];
    assert.throws(() => storeMetadata({ ...spec, variables }), message);
  }
});
